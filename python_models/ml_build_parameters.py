"""Put the versions of the libraries that made the numbers beside what they are called."""

from segmentation import versions


def model(dbt, session):
    dbt.config(materialized="table")
    parameters = dbt.ref("build_parameters").df()

    return versions.add_versions(parameters)
