"""Publish the marts: as a DuckDB file that every client opens, and to PostgreSQL."""
