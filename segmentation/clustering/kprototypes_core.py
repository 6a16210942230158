"""K-Prototypes (Huang 1998) on encoded data.

Minimised is the cost ``sum_i w_i * d(x_i, prototype of i's cluster)`` in the mixed dissimilarity

    d(x, prototype) = sum_numeric (x - mean)^2 + gamma * sum_categorical [x != mode].

`n_init` *starts* go like this:

1. *Seed* K prototypes (k-means++ in the mixed dissimilarity, or one of kmodes' methods).
2. *Lloyd's passes*: every customer to the nearest prototype, every prototype to the means and modes
   of its customers, until no customer moves (`segmentation.clustering.mixed_data`: compiled).

The best of them is *improved*:

3. *Swaps*: a prototype is put somewhere else, where Lloyd's passes could not have brought it, and
   stays if that lowers the cost.
4. *Single moves* (Hartigan): moving one customer also moves two prototypes. Where the exact change
   of cost says that it pays, the move is made, and Lloyd's passes go on.

In the end every customer is in its nearest prototype, and the prototypes are the means and modes of
their customers, in numbers that SQL can repeat: distances come from plain differences (x - mean)^2.

Ties are broken the same way everywhere: the lowest cluster, the lowest level code, the first row,
the first start. The same seed gives the same bits whatever the number of threads: starts run side
by side, and each adds in one order.

References
----------
Huang, Data Mining and Knowledge Discovery 2(3), 1998. Seeding: Arthur and Vassilvitskii, SODA 2007.
Swaps: Franti and Kivijarvi, Pattern Analysis and Applications 3, 2000. Single moves: Telgarsky and
Vattani, AISTATS 2010. lambdaest: Szepannek, R Journal 10(2), 2018.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from segmentation.clustering.kprototypes_search import (
    Start,
    lloyd,
    move_single_rows,
    run_start,
    seed_kmeans_plus_plus,
    swap_prototype,
)
from segmentation.clustering.mixed_data import (
    FloatArray,
    IntArray,
    MixedData,
    Prototypes,
)
from segmentation.errors import InputError

Init = str | Sequence[npt.ArrayLike]
Seed = int | np.random.RandomState | None

# kmodes draws its random starts again while a cluster gets nobody; we do so this often, as it does.
MAX_INIT_TRIES = 20
# Rows tried as the new place of a prototype; passes a swap gets to show that it lowers the cost;
# the share of the cost it has to save.
SWAP_PLACES = 64
SWAP_PASSES = 10
SWAP_SAVING = 1e-5


@dataclass(frozen=True)
class Clustering:
    """What a fit found.

    Attributes
    ----------
    labels : (n,) cluster of every row, 0..K-1: its nearest prototype, ties to the lowest
    centers, modes : (K, p) and (K, q) prototypes: means and most frequent codes (ties to the
        lowest) of the rows labelled so; where not `converged`, of the labels one pass earlier
    gamma : weight of one categorical mismatch against a squared numeric difference
    cost : sum over rows of weight times distance to the own prototype, from direct differences
    n_iter : passes (update and assignment) that led here from the seeds, or from the last swap
    epoch_costs : cost before those passes and after each; the last is `cost`
    converged : whether the last pass moved nobody
    """

    labels: IntArray
    centers: FloatArray
    modes: IntArray
    gamma: float
    cost: float
    n_iter: int
    epoch_costs: list[float]
    converged: bool


def fit_encoded(
    numeric: npt.ArrayLike,
    codes: npt.ArrayLike,
    n_levels: Sequence[int],
    n_clusters: int,
    *,
    gamma: float | str | None = "lambdaest",
    init: Init = "k-means++",
    n_init: int = 10,
    max_iter: int = 100,
    sample_weight: npt.ArrayLike | None = None,
    random_state: Seed = None,
    n_jobs: int | None = 1,
    verbose: int = 0,
) -> Clustering:
    """Cluster rows that are already numbers and level codes.

    Parameters
    ----------
    numeric : (n, p) finite numbers; p may be 0
    codes : (n, q) level codes 0..n_levels[j]-1; q may be 0
    n_levels : q numbers of levels
    n_clusters : K, at least 1 and at most the number of distinct rows
    gamma : a number >= 0, or a rule of `estimate_gamma`
    init : 'k-means++', 'Huang', 'Cao', 'random', or [centers (K, p), modes (K, q)]. For the latter
        three names a seed draws what kmodes draws for it (Huang: but for ties)
    n_init : number of starts; just one where the start is given
    max_iter : most passes without a swap or move in between
    sample_weight : (n,) weights >= 0, 1 by default
    random_state : seed; None draws a fresh one
    n_jobs : threads that run starts side by side, -1 for every CPU; the result is the same
    verbose : print a line a start

    Returns
    -------
    Clustering

    Raises
    ------
    InputError
        A parameter or the data cannot be used; the message says which and what to do.

    Warns
    -----
    ConvergenceWarning
        `max_iter` passes were not enough.
    """
    numeric, codes, n_levels = _check_encoded(numeric, codes, n_levels)
    _check_counts(n_clusters=n_clusters, n_init=n_init, max_iter=max_iter)
    weight = _check_weight(sample_weight, len(numeric), n_clusters)
    if gamma is None or isinstance(gamma, str):
        gamma = estimate_gamma(numeric, codes, n_levels, gamma)
    gamma = _check_gamma(gamma)
    _check_distinct_rows(numeric, codes, weight, gamma, n_clusters)
    data = MixedData(numeric, codes, n_levels, gamma, weight)
    seeding = _check_init(init, data, n_clusters)
    draws = _random_state(random_state).randint(
        np.iinfo(np.int32).max, size=n_init if isinstance(init, str) else 1
    )

    def run(seed: int) -> Start:
        prototypes = seeding(data, n_clusters, np.random.RandomState(seed))
        return run_start(data, prototypes, max_iter)

    with ThreadPoolExecutor(_workers(n_jobs)) as pool:
        starts = list(pool.map(run, draws.tolist()))
    if verbose:
        for number, start in enumerate(starts, start=1):
            print(f"start {number}: cost {start.costs[-1]:.6g} after {start.n_iter} passes")
    best = min(starts, key=lambda start: start.costs[-1])
    return _result(data, _improve(data, best, max_iter))


def mixed_distances(
    numeric: FloatArray, codes: IntArray, centers: FloatArray, modes: IntArray, gamma: float
) -> FloatArray:
    """Distances of rows to prototypes, from direct differences.

    Parameters
    ----------
    numeric, codes : (n, p) and (n, q) rows; a code of -1 (a level never seen) matches no mode
    centers, modes : (K, p) and (K, q) prototypes
    gamma : weight of a categorical mismatch

    Returns
    -------
    (n, K) distances, in squared units of the numeric attributes
    """
    n_levels = (1 + np.vstack([codes, modes]).max(axis=0, initial=0)).tolist()
    return MixedData(numeric, codes, n_levels, gamma).distances(Prototypes(centers, modes)).T


def estimate_gamma(
    numeric: FloatArray,
    codes: IntArray,
    n_levels: Sequence[int],
    rule: str | None = "lambdaest",
) -> float:
    """Choose the weight of a categorical mismatch from the data.

    Parameters
    ----------
    numeric, codes, n_levels : as in `fit_encoded`
    rule : 'lambdaest' as in clustMixType: mean sample variance of the numeric attributes over mean
        ``1 - sum(p^2)`` of the categorical ones; None as in kmodes, after Huang: half the mean
        population standard deviation of the numeric attributes

    Returns
    -------
    gamma; 1 where the rule has nothing to compare: no attribute of one kind, or (lambdaest) none of
    them varies

    Raises
    ------
    InputError
        There is no such rule.
    """
    if rule not in (None, "lambdaest"):
        raise InputError(f"gamma={rule!r}: {_GAMMA_HELP}")
    if numeric.shape[1] == 0 or codes.shape[1] == 0:
        return 1.0
    if rule is None:
        return float(0.5 * numeric.std(axis=0).mean())
    counts = [
        np.bincount(column, minlength=levels)
        for column, levels in zip(codes.T, n_levels, strict=True)
    ]
    spread = float(np.mean([1.0 - np.sum((count / len(codes)) ** 2) for count in counts]))
    variance = float(numeric.var(axis=0, ddof=1).mean()) if len(numeric) > 1 else 0.0
    return variance / spread if variance > 0 and spread > 0 else 1.0


def order_by_size(clustering: Clustering) -> Clustering:
    """Renumber clusters: 0 is the largest; equal sizes go by centre, then by modes, ascending.

    The numbers then no longer depend on the seed that led to a partition. A row equally far from
    two prototypes stays where it is, although the other may have the lower number now.
    """
    sizes = np.bincount(clustering.labels, minlength=len(clustering.centers))
    order = sorted(
        range(len(sizes)),
        key=lambda k: (-sizes[k], *clustering.centers[k].tolist(), *clustering.modes[k].tolist()),
    )
    new_number = np.argsort(order).astype(np.int32)
    return replace(
        clustering,
        labels=new_number[clustering.labels],
        centers=clustering.centers[order],
        modes=clustering.modes[order],
    )


def _improve(data: MixedData, start: Start, max_iter: int) -> Start:
    """Swap prototypes, then move single rows, each until none lowers the cost."""
    n_clusters = len(start.prototypes.centers)
    # Rows evenly spaced through the data.
    places = np.unique(np.linspace(0, len(data) - 1, SWAP_PLACES).astype(np.intp))
    while start.converged and (
        better := swap_prototype(
            data, start, places, tries=n_clusters, passes=SWAP_PASSES, saving=SWAP_SAVING
        )
    ):
        start = better
        lloyd(data, start, max_iter)
    while start.converged and move_single_rows(data, start):
        lloyd(data, start, max_iter)
    return start


def _result(data: MixedData, start: Start) -> Clustering:
    """Turn a start into a result."""
    if not start.converged:
        warnings.warn(
            f"K-Prototypes had not converged after {start.n_iter} passes; raise max_iter.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return Clustering(
        labels=start.labels,
        centers=start.prototypes.centers,
        modes=start.prototypes.modes,
        gamma=data.gamma,
        cost=start.costs[-1],
        n_iter=start.n_iter,
        epoch_costs=start.costs,
        converged=start.converged,
    )


# ---- Seeding ----

_Seeding = Callable[[MixedData, int, np.random.RandomState], Prototypes]


def _seed_like_kmodes(
    choose_modes: Callable[[MixedData, int, np.random.RandomState], IntArray],
) -> _Seeding:
    """Numeric centres from a normal distribution; drawn again while a cluster gets nobody."""

    def seed(data: MixedData, n_clusters: int, rng: np.random.RandomState) -> Prototypes:
        mean, deviation = data.numbers.mean(axis=1), data.numbers.std(axis=1)
        for _ in range(MAX_INIT_TRIES):
            modes = choose_modes(data, n_clusters, rng)
            centers = mean + rng.randn(n_clusters, len(mean)) * deviation
            prototypes = Prototypes(centers, modes)
            if len(np.unique(data.nearest(prototypes)[0])) == n_clusters:
                break
        return prototypes

    return seed


def _huang_modes(data: MixedData, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Levels drawn by frequency; each combination then gives way to the nearest row not taken."""
    codes = data.codes.T
    q = codes.shape[1]
    modes = np.empty((n_clusters, q), dtype=np.int32)
    for j, column in enumerate(data.codes):
        modes[:, j] = rng.choice(np.sort(column), n_clusters)
    for k in range(n_clusters):
        mismatches = np.count_nonzero(codes != modes[k], axis=1)
        for taken in modes:
            mismatches[(codes == taken).all(axis=1)] = q + 1
        modes[k] = codes[mismatches.argmin()]
    return modes


def _cao_modes(data: MixedData, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Cao's choice: the densest row, then rows both dense and far from those chosen."""
    codes = data.codes.T.astype(np.int32)
    n, q = codes.shape
    density = np.zeros(n)
    for column in codes.T:
        density += np.bincount(column)[column] / n / q
    modes = codes[[density.argmax()]]
    closest = np.full(n, np.inf)
    for _ in range(1, n_clusters):
        mismatches = np.count_nonzero(codes != modes[-1], axis=1)
        closest = np.minimum(closest, mismatches * density)
        modes = np.vstack([modes, codes[closest.argmax()]])
    return modes


def _random_modes(data: MixedData, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Rows drawn at random."""
    return data.rows(rng.choice(len(data), n_clusters)).modes


_SEEDINGS: dict[str, _Seeding] = {
    "k-means++": seed_kmeans_plus_plus,
    "huang": _seed_like_kmodes(_huang_modes),
    "cao": _seed_like_kmodes(_cao_modes),
    "random": _seed_like_kmodes(_random_modes),
}


# ---- Checks ----

_GAMMA_HELP = "give a number >= 0, 'lambdaest', or None for kmodes' rule."


def _check_encoded(
    numeric: npt.ArrayLike, codes: npt.ArrayLike, n_levels: Sequence[int]
) -> tuple[FloatArray, IntArray, list[int]]:
    numbers = np.ascontiguousarray(numeric, dtype=np.float64)
    levels = np.ascontiguousarray(codes, dtype=np.int32)
    if numbers.ndim != 2 or levels.ndim != 2 or len(numbers) != len(levels):
        raise InputError(
            f"numeric {numbers.shape} and codes {levels.shape} must be two tables with the same "
            "rows; give shape (n, 0) where there are none of a kind."
        )
    if len(numbers) == 0 or numbers.shape[1] + levels.shape[1] == 0:
        raise InputError("There is nothing to cluster: no rows or no columns.")
    bad_row, bad_column = np.nonzero(~np.isfinite(numbers))
    if len(bad_row):
        raise InputError(
            f"Numeric column {bad_column[0]} has {numbers[bad_row[0], bad_column[0]]} in row "
            f"{bad_row[0]}; fill missing and infinite values first."
        )
    if len(n_levels) != levels.shape[1]:
        raise InputError(
            f"n_levels has {len(n_levels)} entries; there are {levels.shape[1]} columns of codes."
        )
    for j, (column, size) in enumerate(zip(levels.T, n_levels, strict=True)):
        if column.min() < 0 or column.max() >= size:
            raise InputError(
                f"The codes of column {j} run from {column.min()} to {column.max()}; with "
                f"n_levels[{j}]={size} they must lie between 0 and {size - 1}."
            )
    return numbers, levels, [int(size) for size in n_levels]


def _check_counts(**counts: int) -> None:
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InputError(f"{name}={value!r}: give a whole number of at least 1.")


def _check_weight(sample_weight: npt.ArrayLike | None, n: int, n_clusters: int) -> FloatArray:
    if sample_weight is None:
        return np.ones(n)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,):
        raise InputError(f"sample_weight has shape {weight.shape}; give {n} numbers, one a row.")
    if not np.isfinite(weight).all() or weight.min() < 0:
        raise InputError("sample_weight must be finite and not negative.")
    if np.count_nonzero(weight) < n_clusters:
        raise InputError(
            f"Only {np.count_nonzero(weight)} rows weigh more than 0; n_clusters={n_clusters}."
        )
    return weight


def _check_gamma(gamma: float) -> float:
    if not np.isfinite(gamma) or gamma < 0:
        raise InputError(f"gamma={gamma!r}: {_GAMMA_HELP}")
    return float(gamma)


def _check_distinct_rows(
    numeric: FloatArray, codes: IntArray, weight: FloatArray, gamma: float, n_clusters: int
) -> None:
    """Refuse fewer distinct rows than clusters; looks no further than it has to."""
    rows = np.flatnonzero(weight)
    looked_at, distinct = 0, 0
    while distinct < n_clusters and looked_at < len(rows):
        looked_at = max(2 * looked_at, 8 * n_clusters)
        head = rows[:looked_at]
        table = np.hstack([numeric[head], codes[head]]) if gamma > 0 else numeric[head]
        distinct = len(np.unique(table, axis=0)) if table.shape[1] else 1
    if distinct < n_clusters:
        ignored = "" if gamma > 0 else " in the numeric columns (gamma=0 ignores the others)"
        raise InputError(
            f"There are only {distinct} different rows{ignored}; n_clusters={n_clusters} is too "
            f"many, ask for at most {distinct}."
        )


def _check_init(init: Init, data: MixedData, n_clusters: int) -> _Seeding:
    """Return the seeding of that name, or one that returns the prototypes given."""
    if isinstance(init, str):
        if init.lower() not in _SEEDINGS:
            raise InputError(
                f"init={init!r}: give 'k-means++', 'Huang', 'Cao', 'random' or [centers, modes]."
            )
        return _SEEDINGS[init.lower()]
    if len(init) != 2:
        raise InputError(f"init has {len(init)} parts; give two, [centers, modes].")
    centers, modes = (np.asarray(part, dtype=np.float64) for part in init)
    centers, modes = (part[:, None] if part.ndim == 1 else part for part in (centers, modes))
    for name, part, columns in (("centers", centers, data.numbers), ("modes", modes, data.codes)):
        expected = (n_clusters, len(columns))
        if part.shape != expected or not np.isfinite(part).all():
            raise InputError(
                f"init: the {name} must be finite numbers of shape {expected} (clusters, columns); "
                f"their shape is {part.shape}."
            )
    for j, size in enumerate(np.diff(data.first_level).tolist()):
        if not np.isin(modes[:, j], np.arange(size)).all():
            raise InputError(
                f"init: the modes of categorical column {j} must be level codes 0..{size - 1} "
                "(positions in sorted order)."
            )
    given = Prototypes(centers, modes.astype(np.int32))
    return lambda data, n_clusters, rng: given


def _random_state(seed: Seed) -> np.random.RandomState:
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)


def _workers(n_jobs: int | None) -> int:
    if n_jobs == 0:
        raise InputError("n_jobs=0: give a number of threads, or -1 for every CPU.")
    if n_jobs is None or n_jobs > 0:
        return n_jobs or 1
    return max(1, (os.cpu_count() or 1) + 1 + n_jobs)
