"""What fitting on a part costs in quality: K-Prototypes on everyone against the delivered segments.

In the activated environment, after ``python benchmarks/scale.py 1000000``:

    python benchmarks/scale_everyone.py 1000000

The build of so many customers, fitted on ``training_rows`` of them, is copied, and features and
K-Prototypes are fitted in the copy once more with everyone, for the K that was chosen. Printed is
how well both find the planted segments, and how far they agree (adjusted Rand index).
"""

from __future__ import annotations

import json
import shutil
import sys

import harness
import pandas as pd
from scale import FOLDER
from sklearn.metrics import adjusted_rand_score

MODELS = (
    "int_training_customers",
    "ml_feature_set_a_parameters",
    "ml_feature_set_a",
    "ml_kprototypes_parameters",
    "ml_kprototypes_labels",
)


def main() -> None:
    """Compare both fits for the number of customers of the command line."""
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    rows = int(sys.argv[1])
    print(harness.describe_machine(), flush=True)
    folder = FOLDER / str(rows)
    everyone = folder / "everyone"
    shutil.rmtree(everyone, ignore_errors=True)
    everyone.mkdir()
    shutil.copy(folder / "segmentation.duckdb", everyone / "segmentation.duckdb")
    ((segmentation_id, k),) = harness.query(
        folder / "segmentation.duckdb", "select segmentation_id, k from rpt_k_decision"
    ).itertuples(index=False)
    if not segmentation_id.startswith("kprototypes"):
        sys.exit(f"The build chose {segmentation_id}; only K-Prototypes are compared.")
    # The least that a build accepts: one K more beside the one that was chosen.
    variables = {"training_rows": rows, "k_values": [int(k), int(k) + 1]}
    fit = harness.run_stage(
        ("dbt", "run", "--select", *MODELS, "--vars", json.dumps(variables)),
        harness.environment(everyone, folder / "customers.csv"),
        everyone / "output.txt",
    )
    together = harness.query(
        everyone / "segmentation.duckdb",
        f"""
        select planted.planted_segment, segments.segment_id, labels.cluster
        from fct_customer_segments as segments
        inner join ml_kprototypes_labels as labels
            on
                segments.customer_id = labels.customer_id
                and segments.segmentation_id = labels.segmentation_id
        inner join read_csv('{folder / "customers_planted.csv"}', all_varchar = true) as planted
            on segments.customer_id = planted.corporation_id
        """,
    )
    planted, delivered, fitted = (pd.factorize(together[column])[0] for column in together)
    harness.print_table(
        (f"K = {k}, {len(together):,} customers", "ARI with the planted segments", "seconds"),
        [
            ("delivered: fitted on a part", f"{adjusted_rand_score(planted, delivered):.4f}", ""),
            (
                "fitted on everyone",
                f"{adjusted_rand_score(planted, fitted):.4f}",
                f"{fit.seconds:.0f}",
            ),
            ("one against the other", f"{adjusted_rand_score(delivered, fitted):.4f}", ""),
        ],
    )
    shutil.rmtree(everyone)


if __name__ == "__main__":
    main()
