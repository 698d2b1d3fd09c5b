"""Warehouse SQL: a definition as one SELECT over the tables of docs/concepts/warehouse-sql.md."""
