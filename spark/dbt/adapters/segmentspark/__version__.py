"""Version, which dbt asks of an adapter."""

version = "0.1.0"
