"""Customer files of every kind, and the dbt-duckdb plugin that hands them to dbt."""
