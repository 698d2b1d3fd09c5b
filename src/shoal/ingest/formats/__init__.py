"""Reading files: packing (plain, gzip, zip), text encoding, and rows of CSV, JSON lines and Parquet."""
