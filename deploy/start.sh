#!/bin/sh
# Serves the workspace in $SHOAL_HOME, made on the first start. $SHOAL_DATABASE names a PostgreSQL for a new one.
set -eu
if [ ! -f "$SHOAL_HOME/settings.yaml" ]; then
  shoal init
  if [ -n "${SHOAL_DATABASE:-}" ]; then
    printf 'database: "%s"\n' "$SHOAL_DATABASE" >> "$SHOAL_HOME/settings.yaml"
  fi
fi
exec shoal serve "$@"
