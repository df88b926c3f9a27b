"""The tables, and how they are opened: one SQLite file, memory, or a schema of a PostgreSQL server."""
