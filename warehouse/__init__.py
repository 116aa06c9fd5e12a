"""What is known and how it is asked: records, landing, tables, catalog, queries."""
