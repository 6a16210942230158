"""Speeds of K-Prototypes and its criteria; `speed.py` runs them."""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import harness
import numpy as np
import pandas as pd
import plain_plan
from harness import HEADER, SEED, Times, compared, interleave, print_table
from kmodes.kprototypes import KPrototypes as KmodesKPrototypes
from kmodes.kprototypes import _k_prototypes_iter
from kmodes.util.dissim import euclidean_dissim, matching_dissim
from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from threadpoolctl import threadpool_limits

from segmentation.clustering import candidates, kprototypes, silhouette
from segmentation.clustering.candidates import MixedMatrix
from segmentation.clustering.kprototypes_paths import fit_path
from segmentation.clustering.mixed_data import FloatArray, IntArray, MixedData, Prototypes
from segmentation.selection import gap, stability

K, K_MAX = 6, 10
STARTS = 3
N_BOOTSTRAPS, N_REFERENCES = 50, 20


# ---- The data ----


class Sample(NamedTuple):
    """The sample's customers as the K-Prototypes of the pipeline sees them."""

    encoded: pd.DataFrame
    matrix: MixedMatrix
    gamma: float
    planted: pd.Series


def sample() -> Sample:
    """Read feature set A of the built sample, and which segments were planted."""
    database = harness.built_database()
    encoded = harness.query(database, "select * from ml_feature_set_a order by customer_id")
    parameters = harness.query(database, "select * from ml_feature_set_a_parameters")
    planted = pd.read_csv(harness.FOLDER / "customers_planted.csv", dtype=str)
    planted = planted.set_index("corporation_id")["planted_segment"].loc[encoded["customer_id"]]
    matrix = candidates.mixed_matrix(encoded, parameters)
    gamma = kprototypes.estimate_gamma(matrix.numeric, matrix.codes, matrix.n_levels)
    return Sample(encoded, matrix, gamma, planted)


def twelve_and_twelve(of: Sample) -> MixedData:
    """Give 12 of the numbers, and the 11 categories with the size of the corporation as a 12th."""
    matrix = of.matrix
    numbers = [
        j
        for j, name in enumerate(matrix.number_names)
        if name not in (*plain_plan.ORDINALS, plain_plan.HIGH_CARDINALITY)
    ][:12]
    sizes, size = np.unique(of.encoded["corporation_size"], return_inverse=True)
    codes = np.column_stack([matrix.codes, size]).astype(np.int32)
    levels = [*matrix.n_levels, len(sizes)]
    return MixedData(matrix.numeric[:, numbers], codes, levels, of.gamma)


# ---- K-Prototypes ----


def benchmark_pass() -> None:
    """Assign everyone once, and update all prototypes once."""
    of = sample()
    data = twelve_and_twelve(of)
    path = fit_path(data, K, np.random.default_rng(SEED))
    prototypes, _ = data.update(path[K].labels, K)
    for _ in range(100):  # until nobody moves: the cheapest pass that kmodes can make
        labels, _ = data.nearest(prototypes)
        prototypes, _ = data.update(labels, K)

    def ours() -> tuple[IntArray, Prototypes]:
        labels, _ = data.nearest(prototypes)
        return labels, data.update(labels, K)[0]

    of_kmodes = _kmodes_pass(data, labels, prototypes)
    plain = np.ascontiguousarray(np.hstack([data.number_rows, data.codes.T]), dtype=np.float64)
    one_hot = np.ascontiguousarray(np.hstack([data.number_rows, _one_hot(data)]))
    sides: dict[str, Callable[[], object]] = {
        "ours": ours,
        "kmodes": of_kmodes,
        "24": _lloyd_pass(plain, labels, 1),
        "one-hot": _lloyd_pass(one_hot, labels, 1),
        "one-hot, all cores": _lloyd_pass(one_hot, labels, os.cpu_count() or 1),
    }
    with threadpool_limits(1, "blas"):
        times = interleave(sides, 15)
    same_labels, same = ours(), of_kmodes()
    centers = same_labels[1].centers
    quality = (
        f"{np.count_nonzero(same_labels[0] == same[0]):,} of {len(data):,} customers in the same "
        f"cluster, centres within {np.abs(centers - same[1]).max():.0e}"
    )
    work = f"pass, {len(data):,} × ({len(data.numbers)} numbers + {len(data.codes)} categories)"
    work += f", K = {K}, 1 thread"
    columns = f"Lloyd on {one_hot.shape[1]} columns (one-hot)"
    none = "another cost"
    print_table(
        HEADER,
        [
            compared(work, times["ours"], "kmodes, nobody moves", times["kmodes"], quality),
            compared(work, times["ours"], "scikit-learn, Lloyd on 24 columns", times["24"], none),
            compared(work, times["ours"], f"scikit-learn, {columns}", times["one-hot"], none),
            compared(
                work,
                times["ours"],
                f"scikit-learn, {columns}, {os.cpu_count()} threads",
                times["one-hot, all cores"],
                none,
            ),
        ],
    )


def _kmodes_pass(
    data: MixedData, labels: IntArray, prototypes: Prototypes
) -> Callable[[], tuple[IntArray, FloatArray]]:
    """Give a pass of kmodes, by its own inner function and from the same partition."""
    numbers, codes = data.number_rows, data.codes.T.astype(int)
    members = np.arange(K)[:, None] == labels
    sums = np.array([numbers[own].sum(axis=0) for own in members])
    counts = [[defaultdict(float) for _ in range(codes.shape[1])] for _ in range(K)]
    for row, k in zip(codes, labels, strict=True):
        for j, code in enumerate(row):
            counts[k][j][code] += 1
    centroids = [prototypes.centers.copy(), prototypes.modes.astype(np.uint16)]
    sizes = members.sum(axis=1).astype(float)
    dissimilarities = matching_dissim, data.gamma, np.random.RandomState(SEED), None

    def one_pass() -> tuple[IntArray, FloatArray]:
        found = _k_prototypes_iter(
            numbers, codes, centroids, sums, sizes, counts, members, euclidean_dissim,
            *dissimilarities,
        )  # fmt: skip
        return found[4].argmax(axis=0).astype(np.int32), found[1] / found[2][:, None]

    return one_pass


def _lloyd_pass(X: FloatArray, labels: IntArray, threads: int) -> Callable[[], None]:
    """Give a pass of scikit-learn's K-Means, by its own inner function."""
    centers = np.array([X[labels == k].mean(axis=0) for k in range(K)])
    new, weight, shift = np.zeros_like(centers), np.zeros(K), np.zeros(K)
    found, ones = np.empty(len(X), dtype=np.int32), np.ones(len(X))

    def one_pass() -> None:
        lloyd_iter_chunked_dense(X, ones, centers, new, weight, found, shift, threads)

    return one_pass


def _one_hot(data: MixedData) -> FloatArray:
    """Make a column a level; of two levels one column."""
    return np.column_stack(
        [
            codes == level
            for codes, levels in zip(data.codes, np.diff(data.first_level), strict=True)
            for level in range(1 if levels == 2 else 0, levels)
        ]
    ).astype(np.float64)


def benchmark_fit() -> None:
    """Fit from the same starts, by the same call, until it has converged."""
    of = sample()
    matrix = of.matrix
    table = np.hstack([matrix.numeric, matrix.codes])
    categorical = list(range(matrix.numeric.shape[1], table.shape[1]))
    found: dict[str, Any] = {}

    def fit(name: str, engine: Callable[..., Any]) -> None:
        model = engine(K, n_init=STARTS, init="Cao", gamma=of.gamma, random_state=SEED, n_jobs=1)
        found[name] = model.fit(table, categorical=categorical)

    sides = {
        "ours": partial(fit, "ours", kprototypes.KPrototypes),
        "kmodes": partial(fit, "kmodes", KmodesKPrototypes),
    }
    sides["ours"]()
    times = interleave(sides, 3)
    print_table(
        HEADER,
        [
            compared(
                f"fit to convergence, {table.shape[0]:,} × {table.shape[1]}, K = {K}, "
                f"{STARTS} starts, 1 thread",
                times["ours"],
                "kmodes, same starts",
                times["kmodes"],
                "; ".join(
                    f"{words} {read(found['ours']):{form}} and {read(found['kmodes']):{form}}"
                    for words, form, read in (
                        ("cost", ",.1f", lambda model: model.cost_),
                        ("ARI", ".4f", lambda m: adjusted_rand_score(of.planted, m.labels_)),
                        ("silhouette", ".4f", lambda model: _silhouettes(of, model.labels_).mean()),
                    )
                ),
            )
        ],
    )


# ---- Criteria ----


def _silhouettes(of: Sample, labels: Any) -> FloatArray:
    matrix, labels = of.matrix, np.asarray(labels, dtype=np.int32)
    k = int(labels.max()) + 1
    statistics = silhouette.cluster_statistics(
        matrix.numeric, matrix.codes, matrix.n_levels, labels, k
    )
    return silhouette.silhouette_samples(matrix.numeric, matrix.codes, labels, statistics, of.gamma)


def benchmark_silhouette() -> None:
    """Compute the silhouettes of everyone for K = 2 to 10."""
    of = sample()
    data = MixedData(of.matrix.numeric, of.matrix.codes, of.matrix.n_levels, of.gamma)
    path = fit_path(data, K_MAX, np.random.default_rng(SEED))
    labels = {k: path[k].labels for k in range(2, K_MAX + 1)}
    plain = _plain(of)
    distances = plain_plan.distance_matrix(plain)
    found: dict[str, dict[int, FloatArray]] = {}

    def ours() -> None:
        found["ours"] = {k: _silhouettes(of, of_k) for k, of_k in labels.items()}

    def theirs() -> None:
        found["theirs"] = {
            k: silhouette_samples(distances, of_k, metric="precomputed")
            for k, of_k in labels.items()
        }

    times = interleave({"ours": ours, "scikit-learn": theirs}, 5)
    matrix_times = interleave({"matrix": lambda: plain_plan.distance_matrix(plain)}, 3)["matrix"]
    difference = max(np.abs(found["ours"][k] - found["theirs"][k]).max() for k in labels)
    work = f"silhouettes of {len(data):,}, K = 2 to {K_MAX}"
    quality = f"equal to {difference:.0e}"
    whole = Times(tuple(matrix_times.median + run for run in times["scikit-learn"].runs))
    against = "scikit-learn, precomputed matrix"
    print_table(
        HEADER,
        [
            compared(
                work, times["ours"], f"{against}, already there", times["scikit-learn"], quality
            ),
            compared(work, times["ours"], f"{against}, with making it", whole, quality),
        ],
    )


def _plain(of: Sample) -> plain_plan.Mixed:
    """Give the same customers and the same gamma to the plain script."""
    plain = plain_plan.Mixed(of.matrix.numeric, of.matrix.codes)
    plain.gamma = of.gamma
    return plain


def benchmark_replicates() -> None:
    """Replicate for stability and gap, K = 1 to 10; kmodes on one replicate each, scaled up.

    The gap of kmodes is without the costs of the data themselves, which ours has.
    """
    of = sample()
    matrix, plain = of.matrix, _plain(of)
    data = MixedData(matrix.numeric, matrix.codes, matrix.n_levels, of.gamma)
    path = fit_path(data, K_MAX, np.random.default_rng(SEED))
    labels = {k: path[k].labels for k in range(2, K_MAX + 1)}
    drawn = plain_plan.draw_reference(plain, np.random.default_rng(SEED))
    rows = np.unique(np.random.default_rng(SEED).integers(len(data), size=len(data)))
    costs: dict[str, dict[int, float]] = {}

    def bootstraps(n_jobs: int | None) -> None:
        refit = stability.kprototypes_refit(matrix, K_MAX, of.gamma)
        stability.bootstrap_stability(
            labels, refit, n_bootstraps=N_BOOTSTRAPS, seed=SEED, n_jobs=n_jobs
        )

    def references(n_jobs: int | None) -> None:
        fit_costs = gap.kprototypes_costs(K_MAX, of.gamma)
        gap.gap_statistic(matrix, fit_costs, n_references=N_REFERENCES, seed=SEED, n_jobs=n_jobs)

    def kmodes_bootstrap() -> None:
        costs["bootstrap"] = plain_plan.gap_costs(plain, rows, seed=SEED)

    def kmodes_reference() -> None:
        costs["reference"] = plain_plan.gap_costs(drawn, slice(None), seed=SEED)

    times = interleave(
        {
            "stability": partial(bootstraps, 1),
            "kmodes bootstrap": kmodes_bootstrap,
            "stability, all cores": partial(bootstraps, None),
            "gap": partial(references, 1),
            "kmodes reference": kmodes_reference,
            "gap, all cores": partial(references, None),
        },
        3,
    )
    drawn_codes = drawn.codes.astype(np.int32)
    of_reference = MixedData(drawn.numbers, drawn_codes, matrix.n_levels, of.gamma)
    quality = {
        "bootstrap": _costs_above(costs["bootstrap"], data.take(rows)),
        "reference": _costs_above(costs["reference"], of_reference),
    }
    cells = []
    for name, replicate, n, work in (
        ("stability", "bootstrap", N_BOOTSTRAPS, f"bootstrap stability, B = {N_BOOTSTRAPS}"),
        ("gap", "reference", N_REFERENCES, f"gap, B = {N_REFERENCES}"),
    ):
        theirs = times[f"kmodes {replicate}"].scaled(n)
        against = f"kmodes, 1 start: 1 {replicate} × {n}"
        work += f", K = 1 to {K_MAX}, {{}}"
        for side, threads in (
            (name, "1 thread"),
            (f"{name}, all cores", f"{os.cpu_count()} threads"),
        ):
            cells.append(
                compared(work.format(threads), times[side], against, theirs, quality[replicate])
            )
    print_table(HEADER, cells)


def _costs_above(theirs: dict[int, float], data: MixedData) -> str:
    """Say how far kmodes' costs lie above those of a path on the same rows."""
    ours = fit_path(data, K_MAX, np.random.default_rng(SEED))
    above = [100 * (cost / ours[k].cost - 1) for k, cost in theirs.items() if k > 1]
    return f"kmodes' costs {np.mean(above):+.1f} % ({min(above):+.1f} to {max(above):+.1f})"


# ---- What it costs to compile, and what limits ----

_FIRST_FIT = """
import numpy as np
from segmentation.clustering.kprototypes import fit_encoded
from segmentation.clustering.mixed_data import MixedData
from segmentation.clustering.kprototypes_paths import fit_path
rng = np.random.default_rng(0)
numbers, codes = rng.normal(size=(500, 3)), rng.integers(4, size=(500, 3)).astype(np.int32)
fit_encoded(numbers, codes, [4, 4, 4], 3, n_init=2, random_state=0)
fit_path(MixedData(numbers, codes, [4, 4, 4], 1.0), 3, rng)
"""


def benchmark_compile() -> None:
    """Compare the first fit of a fresh clone, which compiles, with the second."""
    runs: dict[str, list[float]] = {"first": [], "second": []}
    for _ in range(5):
        with tempfile.TemporaryDirectory() as cache:
            for of_side in runs.values():
                began = time.perf_counter()
                env = os.environ | {"NUMBA_CACHE_DIR": cache}
                subprocess.run([sys.executable, "-c", _FIRST_FIT], env=env, check=True)
                of_side.append(time.perf_counter() - began)
    first, second = (Times(tuple(of_side)) for of_side in runs.values())
    compiling = Times(tuple(a - b for a, b in zip(first.runs, second.runs, strict=True)))
    print_table(
        ("a process with one small fit", "empty cache", "the next one", "compiling"),
        [("import, fit 500 customers", first, second, compiling)],
    )


def benchmark_profile() -> None:
    """Say where the time of a path goes, and how near a pass is to the processor's limits."""
    of = sample()
    _profile_path(of)
    _print_roofline(twelve_and_twelve(of))


def _profile_path(of: Sample) -> None:
    data = MixedData(of.matrix.numeric, of.matrix.codes, of.matrix.n_levels, of.gamma)
    fit_path(data, 3, np.random.default_rng(SEED))
    profile = cProfile.Profile()
    profile.runcall(fit_path, data, K_MAX, np.random.default_rng(SEED))
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(10)
    print("```", *[row for row in text.getvalue().splitlines() if row.strip()], "```\n", sep="\n")


def _print_roofline(data: MixedData) -> None:
    """Print operations and bytes a second of the loops of a pass, and of copies and a product.

    Bytes are those that a loop reads and writes once; within a block of customers, which stays in
    the caches, `nearest` reads them again for every prototype.
    """
    n, p, q = len(data), len(data.numbers), len(data.codes)
    prototypes = data.rows(np.arange(K) * (n // K))
    labels, _ = data.nearest(prototypes)
    levels = np.diff(data.first_level).tolist()
    codes = data.codes.T.astype(np.int32)
    numbers_only = MixedData(data.number_rows, codes[:, :0], [], data.gamma)
    codes_only = MixedData(data.number_rows[:, :0], codes, levels, data.gamma)
    of_numbers = Prototypes(prototypes.centers, prototypes.modes[:, :0])
    of_codes = Prototypes(prototypes.centers[:, :0], prototypes.modes)
    copied, big, square = np.empty_like(data.numbers), np.ones(2**25), np.ones((1024, 1024))
    big_copied = np.empty_like(big)
    # Per customer and prototype: a number costs a difference, a product and a sum, a category a
    # comparison and a sum; three more weigh the mismatches, add them and compare.
    loops: dict[str, tuple[Callable[[], object], int, int]] = {
        "nearest": (
            lambda: data.nearest(prototypes),
            n * K * (3 * p + 2 * q + 3),
            n * (8 * p + q + 12),
        ),
        "nearest, numbers alone": (
            lambda: numbers_only.nearest(of_numbers),
            n * K * (3 * p + 3),
            n * (8 * p + 12),
        ),
        "nearest, categories alone": (
            lambda: codes_only.nearest(of_codes),
            n * K * (2 * q + 3),
            n * (q + 12),
        ),
        "update": (
            lambda: data.update(labels, K),
            n * (3 * p + q + 1),
            n * (8 * p + 4 * q + 12),
        ),
        "copy of the numbers": (
            lambda: np.copyto(copied, data.numbers),
            0,
            2 * data.numbers.nbytes,
        ),
        "copy of 268 MB": (lambda: np.copyto(big_copied, big), 0, 2 * big.nbytes),
        "product 1024 × 1024": (lambda: square @ square, 2 * 1024**3, 3 * square.nbytes),
    }
    with threadpool_limits(1):
        times = interleave({name: loop for name, (loop, _, _) in loops.items()}, 7)
    print_table(
        ("1 thread", "time", "operations", "a second", "bytes", "a second"),
        [
            (
                name,
                times[name],
                f"{operations / 1e6:,.2f} M",
                f"{operations / times[name].median / 1e9:.1f} G",
                f"{touched / 1e6:,.2f} MB",
                f"{touched / times[name].median / 1e9:.1f} GB",
            )
            for name, (_, operations, touched) in loops.items()
        ],
    )
