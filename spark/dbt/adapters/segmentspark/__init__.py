"""The dbt adapter ``segmentspark``: dbt-spark that runs this project, which is written for DuckDB.

It writes the models' SQL in Spark's words (`dialect`), and runs Python models where dbt runs, on
what they read: the training customers and smaller tables. Hooks run on a DuckDB beside the cluster
(`driver_database`).
"""

from dbt.adapters.base import AdapterPlugin
from dbt.adapters.segmentspark.impl import SegmentsparkAdapter, SegmentsparkCredentials
from dbt.include import segmentspark

Plugin = AdapterPlugin(
    adapter=SegmentsparkAdapter,
    credentials=SegmentsparkCredentials,
    include_path=segmentspark.PACKAGE_PATH,
    dependencies=["spark"],
)
