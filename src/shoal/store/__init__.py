"""Where records are kept: database, journal, lake. Knows no table's meaning."""
