"""The versions that a build writes down."""

import duckdb
import pandas as pd

from segmentation import versions


def test_versions_of_what_is_installed() -> None:
    names = ["python", "duckdb", "no-such-library", "random_seed"]
    table = versions.add_versions(
        pd.DataFrame(
            {
                "parameter": names,
                "parameter_order": [2, 1, 3, 4],
                "kind": ["version", "version", "version", "setting"],
                "label_zh": "名",
                "label_en": "name",
            }
        )
    ).to_pandas()
    found = table.set_index("parameter")["version"]
    assert list(found.index) == ["duckdb", "python", "no-such-library", "random_seed"]
    assert found["duckdb"] == duckdb.__version__
    assert found["python"].startswith("3.")
    assert found[["no-such-library", "random_seed"]].isna().all()
