"""Other kernels of BLAS and NumPy round otherwise; the fits must come out the same.

The wheels of NumPy and SciPy carry OpenBLAS, which chooses its kernels by the processor or by
OPENBLAS_CORETYPE. The whole pipeline under other kernels: `integration/test_metamorphic.py`.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

FIT_ALL = """
import sys
import pandas as pd
from planted_samples import null, planted
from segmentation.clustering import agglomerative, candidates, famd, famd_clusters
from segmentation.selection import evidence
from threadpoolctl import threadpool_info

ks = [2, 3, 4, 5]
kernels = {i["architecture"] for i in threadpool_info() if i["internal_api"] == "openblas"}
tables = {"kernels": pd.DataFrame({"kernels": sorted(kernels)})}
for name, matrix in {"planted": planted(4, 400)[0], "null": null(400)}.items():
    tables[f"{name} kprototypes"] = models = candidates.fit_kprototypes(
        matrix, ks, engine="native", gamma="lambdaest", n_init=3, max_start_customers=400, seed=1
    )
    tables[f"{name} famd"] = parameters = famd.as_rows(famd.fit(matrix, 3))
    coordinates = famd.coordinates(matrix, parameters, 3)
    mixtures = famd_clusters.fit_gmm(coordinates, ks, max_customers=300, seed=1)
    tables[f"{name} gmm"] = mixtures.parameters
    tables[f"{name} kmeans"] = famd_clusters.fit_kmeans(coordinates, ks, n_init=3, seed=1)
    one_hot = pd.DataFrame(candidates.one_hot_matrix(matrix)).add_prefix("x")
    ids = pd.Series([f"{i:03}" for i in range(len(one_hot))])
    tables[f"{name} ward"] = agglomerative.fit(
        ids, one_hot, ks, max_tree_customers=300, seed=1
    ).labels
    tables[f"{name} gap"] = evidence.measure_gap(
        matrix, parameters, max(ks), gamma=candidates.fitted_gamma(models), n_axes=3,
        n_references=3, max_customers=300, max_customers_slow=200, seed=1,
    )
frames = {k: t if isinstance(t, pd.DataFrame) else t.to_pandas() for k, t in tables.items()}
pd.to_pickle(frames, sys.argv[1])
"""


def fit_all(path: Path, **env: str) -> dict[str, pd.DataFrame]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env}
    subprocess.run([sys.executable, "-c", FIT_ALL, path], env=environment, check=True)
    return pd.read_pickle(path)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernels are those of x86-64")
def test_fits_are_equal_over_kernels(tmp_path: Path) -> None:
    expected = fit_all(tmp_path / "own.pkl")
    found = fit_all(
        tmp_path / "other.pkl", OPENBLAS_CORETYPE="Nehalem", NPY_DISABLE_CPU_FEATURES="X86_V3"
    )
    assert found.pop("kernels")["kernels"].tolist() == ["Nehalem"]
    assert expected.pop("kernels")["kernels"].tolist() != ["Nehalem"]
    for name, table in expected.items():
        # A number may stand for 0, so that its own size tells nothing.
        pd.testing.assert_frame_equal(table, found[name], rtol=1e-9, atol=1e-11, obj=name)
