"""Customer segmentation: the algorithms and tools behind the dbt project."""
