"""From files to canonical records: formats, sources, mapping, the import ledger."""
