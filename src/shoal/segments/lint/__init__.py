"""The linter: what is likely wrong with a definition, where, and how to mend it."""
