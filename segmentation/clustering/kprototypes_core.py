"""K-Prototypes (Huang 1998) on encoded data, with matrix products in place of loops over customers.

Minimised is the cost ``sum_i w_i * d(x_i, prototype of i's cluster)`` in the mixed dissimilarity

    d(x, prototype) = sum_numeric (x - mean)^2 + gamma * sum_categorical [x != mode].

`n_init` *starts* go like this:

1. *Seed* K prototypes (k-means++ in the mixed dissimilarity, or one of kmodes' methods).
2. *Lloyd's passes*: every customer to the nearest prototype, every prototype to the means and modes
   of its customers, until no customer moves. With the categories one-hot, x becomes a row z of a
   matrix, a prototype a column v, and d = z.v + constants: the assignment of all customers is one
   matrix product. So is the update: the same matrix, transposed, times the memberships.

The best of them is *improved*:

3. *Swaps*: a prototype is put somewhere else, where Lloyd's passes could not have brought it, and
   stays if that lowers the cost.
4. *Single moves* (Hartigan): moving one customer also moves two prototypes. Where the exact change
   of cost says that it pays, the move is made, and Lloyd's passes go on.

And then *settled*: Lloyd's passes once more, with distances from plain differences (x - mean)^2. In
the end every customer is in its nearest prototype, and the prototypes are the means and modes of
their customers, in numbers that SQL can repeat.

Ties are broken the same way everywhere: the lowest cluster, the lowest level code, the first row,
the first start. The same seed gives the same bits whatever the number of threads: the products are
sparse ones, which add in one order, and BLAS, which does not, has no part in it.

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
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from segmentation.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
Init = str | Sequence[npt.ArrayLike]
Seed = int | np.random.RandomState | None

# kmodes draws its random starts again while a cluster gets nobody; we do so this often, as it does.
MAX_INIT_TRIES = 20
# Rows tried as the new place of a prototype; passes a swap gets to show that it lowers the cost;
# the share of the cost it has to save.
SWAP_PLACES = 64
SWAP_PASSES = 10
SWAP_SAVING = 1e-5
# The share of the cost a single move has to save: less is rounding.
MOVE_SAVING = 1e-10


class Prototypes(NamedTuple):
    """The centres of K clusters.

    Attributes
    ----------
    centers : (K, p) means of the numeric attributes, in their units
    modes : (K, q) level codes of the categorical attributes
    """

    centers: FloatArray
    modes: IntArray


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
    data = _Data(numeric, codes, n_levels, weight, gamma)
    seeding = _check_init(init, data, n_clusters)
    draws = _random_state(random_state).randint(
        np.iinfo(np.int32).max, size=n_init if isinstance(init, str) else 1
    )

    def run(seed: int) -> _Start:
        prototypes = seeding(data, n_clusters, np.random.RandomState(seed))
        return _run_start(data, prototypes, max_iter)

    with ThreadPoolExecutor(_workers(n_jobs)) as pool:
        starts = list(pool.map(run, draws.tolist()))
    if verbose:
        for number, start in enumerate(starts, start=1):
            print(f"start {number}: cost {start.costs[-1]:.6g} after {start.n_iter} passes")
    best = min(starts, key=lambda start: start.costs[-1])
    return _settle(data, _improve(data, best, max_iter), max_iter)


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
    distances = _squared_distances(numeric, centers)
    for k, mode in enumerate(modes):
        distances[:, k] += gamma * np.count_nonzero(codes != mode, axis=1)
    return distances


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


# ---- The data as matrices ----


class _Totals(NamedTuple):
    """Sums over the rows of each cluster, from which prototypes and cost follow."""

    weight: FloatArray  # (K,)
    sums: FloatArray  # (K, p) of the centred numbers
    level_weight: FloatArray  # (K, L) of every level of every attribute, side by side


class _Data:
    """The rows as a matrix, and what is computed from all of them at once.

    The matrix is (n, p + L): the numbers, centred (expanding (x - mean)^2 loses digits where values
    are far from 0), and a column for each of the L levels. It is sparse: q of those are 1 in a row.
    """

    def __init__(
        self,
        numeric: FloatArray,
        codes: IntArray,
        n_levels: Sequence[int],
        weight: FloatArray,
        gamma: float,
    ) -> None:
        (n, p), q = numeric.shape, codes.shape[1]
        self.numeric, self.codes, self.weight, self.gamma = numeric, codes, weight, gamma
        # A value of the column near its mean: what is whole stays whole.
        middle = np.abs(numeric - numeric.mean(axis=0)).argmin(axis=0)
        self.origin = numeric[middle, np.arange(p)]
        centred = numeric - self.origin
        ends = np.cumsum([0, *n_levels])
        self.first_level = ends[:-1].astype(np.int32)
        self.level_slices = [slice(a, b) for a, b in pairwise(ends.tolist())]
        numbers = np.broadcast_to(np.arange(p, dtype=np.int32), (n, p))
        columns = np.hstack([numbers, codes + self.first_level + np.int32(p)])
        values = np.hstack([centred, np.ones((n, q))])
        self.matrix = sparse.csr_array(
            (values.ravel(), columns.ravel(), np.arange(n + 1, dtype=np.int32) * np.int32(p + q)),
            shape=(n, p + int(ends[-1])),
        )
        self.constant = np.einsum("ij,ij->i", centred, centred) + gamma * q  # (n,)

    def distances(self, prototypes: Prototypes) -> FloatArray:
        """(n, K) distances in expanded form: |x|^2 + gamma q - 2 x.c - gamma matches + |c|^2."""
        centers = prototypes.centers - self.origin
        n_clusters, p = centers.shape
        columns = np.zeros((self.matrix.shape[1], n_clusters))
        columns[:p] = -2.0 * centers.T
        levels = prototypes.modes + self.first_level + p
        columns[levels, np.arange(n_clusters)[:, None]] = -self.gamma
        distances: FloatArray = self.matrix @ columns
        distances += np.einsum("ij,ij->i", centers, centers)
        distances += self.constant[:, None]
        return np.maximum(distances, 0.0, out=distances)

    def exact_distances(self, prototypes: Prototypes) -> FloatArray:
        """(n, K) distances from direct differences: slower, and what SQL computes."""
        return mixed_distances(self.numeric, self.codes, *prototypes, self.gamma)

    def totals(self, labels: IntArray, n_clusters: int) -> _Totals:
        """Weights, sums and level weights of the clusters."""
        members = np.zeros((len(labels), n_clusters))
        members[np.arange(len(labels)), labels] = self.weight
        sums = (self.matrix.T @ members).T
        p = len(self.origin)
        return _Totals(members.sum(axis=0), sums[:, :p], sums[:, p:])

    def prototypes(self, totals: _Totals) -> Prototypes:
        """Means and modes; ties between levels go to the lowest code."""
        modes = np.empty((len(totals.weight), len(self.level_slices)), dtype=np.int32)
        for j, levels in enumerate(self.level_slices):
            modes[:, j] = totals.level_weight[:, levels].argmax(axis=1)
        return Prototypes(self.origin + totals.sums / totals.weight[:, None], modes)

    def cost(self, totals: _Totals) -> float:
        """Cost of a partition, from its totals alone."""
        between = (totals.sums**2 / totals.weight[:, None]).sum()
        matches = sum(totals.level_weight[:, j].max(axis=1).sum() for j in self.level_slices)
        return float((self.weight * self.constant).sum() - between - self.gamma * matches)


def _squared_distances(numeric: FloatArray, centers: FloatArray) -> FloatArray:
    """(n, K) squared Euclidean distances, from direct differences."""
    distances = np.empty((len(numeric), len(centers)))
    for k, center in enumerate(centers):
        difference = numeric - center
        distances[:, k] = np.einsum("ij,ij->i", difference, difference)
    return distances


# ---- Lloyd's passes ----


@dataclass
class _Start:
    """Where one start has got to."""

    labels: IntArray
    prototypes: Prototypes
    costs: list[float]
    n_iter: int = 0
    converged: bool = False


def _run_start(data: _Data, prototypes: Prototypes, max_iter: int) -> _Start:
    """Lloyd's passes from given prototypes."""
    labels, cost = _assign(data, data.distances(prototypes))
    start = _Start(labels, prototypes, [cost])
    _lloyd(data, start, data.distances, max_iter)
    return start


def _lloyd(
    data: _Data, start: _Start, distances: Callable[[Prototypes], FloatArray], passes: int
) -> None:
    """Update and assign until nobody moves, or as often as allowed."""
    n_clusters = len(start.prototypes.centers)
    for _ in range(passes):
        start.prototypes = data.prototypes(data.totals(start.labels, n_clusters))
        labels, cost = _assign(data, distances(start.prototypes))
        start.converged = np.array_equal(labels, start.labels)
        start.labels = labels
        start.costs.append(cost)
        start.n_iter += 1
        if start.converged:
            break


def _assign(data: _Data, distances: FloatArray) -> tuple[IntArray, float]:
    """Nearest prototype of every row, and the cost; a cluster left empty gets the costliest row.

    That is, of the clusters that can spare one. It will be the new prototype, at distance 0.
    """
    labels = distances.argmin(axis=1).astype(np.int32)
    costs = data.weight * distances[np.arange(len(labels)), labels]
    cost = float(costs.sum())
    counts = data.weight > 0
    members = np.bincount(labels, weights=counts, minlength=distances.shape[1])
    for empty in np.flatnonzero(members == 0):
        row = np.where(counts & (members[labels] > 1), costs, -1.0).argmax()
        members[labels[row]] -= 1
        members[empty] = 1
        labels[row] = empty
    return labels, cost


def _settle(data: _Data, start: _Start, max_iter: int) -> Clustering:
    """Turn a start into a result: a fixed point in direct differences."""
    _lloyd(data, start, data.exact_distances, max_iter if start.converged else 1)
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


# ---- Swaps and single moves ----


def _improve(data: _Data, start: _Start, max_iter: int) -> _Start:
    """Swap prototypes, then move single rows, each until none lowers the cost."""
    while start.converged and (better := _swap_prototype(data, start)):
        start = better
        _lloyd(data, start, data.distances, max_iter)
    while start.converged and _move_single_rows(data, start):
        _lloyd(data, start, data.distances, max_iter)
    return start


def _swap_prototype(data: _Data, start: _Start) -> _Start | None:
    """Put one prototype somewhere else; the first such start that soon gets lower, if any does.

    Lloyd's passes cannot take a prototype from a group that has two to one that shares. Rows evenly
    spaced through the data are the places to go. For each prototype, the place is tried that would
    leave the least cost before any pass; the prototype that would leave least goes first.
    """
    n_clusters = len(start.prototypes.centers)
    if n_clusters == 1:
        return None
    rows = np.unique(np.linspace(0, len(data.codes) - 1, SWAP_PLACES).astype(np.intp))
    to_place = data.distances(Prototypes(data.numeric[rows], data.codes[rows]))
    nearest, second = np.partition(data.distances(start.prototypes), 1, axis=1)[:, :2].T
    cost_if_kept = np.minimum(nearest[:, None], to_place)
    extra_if_taken = np.minimum(second[:, None], to_place) - cost_if_kept
    members = sparse.csr_array((data.weight, start.labels, np.arange(len(start.labels) + 1)))
    cost_kept = (data.weight[:, None] * cost_if_kept).sum(axis=0)
    cost_after = cost_kept + members.T @ extra_if_taken  # (K, places)
    for k in np.argsort(cost_after.min(axis=1), kind="stable"):
        row = rows[cost_after[k].argmin()]
        centers, modes = start.prototypes.centers.copy(), start.prototypes.modes.copy()
        centers[k], modes[k] = data.numeric[row], data.codes[row]
        trial = _run_start(data, Prototypes(centers, modes), SWAP_PASSES)
        if trial.costs[-1] < start.costs[-1] * (1 - SWAP_SAVING):
            return trial
    return None


def _move_single_rows(data: _Data, start: _Start) -> bool:
    """Move rows whose move alone lowers the cost; whether there were any.

    Two moves may spoil each other, so all are tried together, and then the more promising half,
    until the cost does fall. The best one alone always lowers it.
    """
    n_clusters = len(start.prototypes.centers)
    if n_clusters == 1:
        return False
    totals = data.totals(start.labels, n_clusters)
    cost = data.cost(totals)
    changes = _change_of_cost(data, start.labels, totals)
    target = changes.argmin(axis=1).astype(np.int32)
    change = changes[np.arange(len(target)), target]
    movers = np.flatnonzero(change < -MOVE_SAVING * cost)
    movers = movers[np.argsort(change[movers], kind="stable")]
    while len(movers):
        labels = start.labels.copy()
        labels[movers] = target[movers]
        totals = data.totals(labels, n_clusters)
        if totals.weight.min() > 0 and data.cost(totals) < cost:
            start.labels = labels
            return True
        movers = movers[: len(movers) // 2]
    return False


def _change_of_cost(data: _Data, labels: IntArray, totals: _Totals) -> FloatArray:
    """(n, K) exact change of cost if one row moved to another cluster; infinite for its own.

    A row of weight w that joins a cluster of weight W pulls the mean and costs W/(W+w) of its
    squared distance; leaving gives back W/(W-w) of it. In a categorical attribute it costs w to
    join, less what it lifts its level above the mode; leaving gives back w, less what the mode
    loses.
    """
    rows = np.arange(len(labels))
    weight, clusters = data.weight[:, None], totals.weight
    squared = _squared_distances(data.numeric, data.prototypes(totals).centers)
    join = squared * (weight * clusters / (clusters + weight))
    rest = clusters[labels] - data.weight
    rest[rest <= 1e-12 * clusters[labels]] = np.inf  # alone: at distance 0, and stays
    leave = squared[rows, labels] * data.weight * clusters[labels] / rest
    for codes, levels in zip(data.codes.T, data.level_slices, strict=True):
        counts = totals.level_weight[:, levels]
        top = counts.max(axis=1, keepdims=True)
        runner_up = np.sort(counts, axis=1)[:, -2:-1] if counts.shape[1] > 1 else 0.0
        lead = np.where(counts == top, top - runner_up, 0.0)
        join += data.gamma * np.minimum(weight, (top - counts).T[codes])
        leave += data.gamma * np.maximum(0.0, data.weight - lead[labels, codes])
    changes = join - leave[:, None]
    changes[rows, labels] = np.inf
    return changes


# ---- Seeding ----

_Seeding = Callable[[_Data, int, np.random.RandomState], Prototypes]


def _seed_kmeans_plus_plus(data: _Data, n_clusters: int, rng: np.random.RandomState) -> Prototypes:
    """Draw rows, each with probability proportional to its cost under the rows drawn so far.

    Of a few candidates the one that leaves the least cost is kept (greedy, as scikit-learn does).
    """
    n_candidates = 2 + int(np.log(n_clusters))
    rows = _draw(data.weight, 1, rng)
    closest = data.distances(Prototypes(data.numeric[rows], data.codes[rows]))[:, 0]
    for _ in range(1, n_clusters):
        candidates = _draw(data.weight * closest, n_candidates, rng)
        distances = data.distances(Prototypes(data.numeric[candidates], data.codes[candidates]))
        np.minimum(distances, closest[:, None], out=distances)
        best = (data.weight[:, None] * distances).sum(axis=0).argmin()
        rows = np.append(rows, candidates[best])
        closest = distances[:, best]
    return Prototypes(data.numeric[rows], data.codes[rows])


def _draw(share: FloatArray, size: int, rng: np.random.RandomState) -> npt.NDArray[np.intp]:
    """Draw rows with probabilities proportional to `share`, with replacement."""
    cumulated = np.cumsum(share)
    points = rng.random_sample(size) * cumulated[-1]
    drawn: npt.NDArray[np.intp] = np.searchsorted(cumulated, points, side="right")
    return np.minimum(drawn, len(share) - 1, out=drawn)


def _seed_like_kmodes(
    choose_modes: Callable[[_Data, int, np.random.RandomState], IntArray],
) -> _Seeding:
    """Numeric centres from a normal distribution; drawn again while a cluster gets nobody."""

    def seed(data: _Data, n_clusters: int, rng: np.random.RandomState) -> Prototypes:
        mean, deviation = data.numeric.mean(axis=0), data.numeric.std(axis=0)
        for _ in range(MAX_INIT_TRIES):
            modes = choose_modes(data, n_clusters, rng)
            centers = mean + rng.randn(n_clusters, len(mean)) * deviation
            prototypes = Prototypes(centers, modes)
            if len(np.unique(data.distances(prototypes).argmin(axis=1))) == n_clusters:
                break
        return prototypes

    return seed


def _huang_modes(data: _Data, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Levels drawn by frequency; each combination then gives way to the nearest row not taken."""
    q = data.codes.shape[1]
    modes = np.empty((n_clusters, q), dtype=np.int32)
    for j, column in enumerate(data.codes.T):
        modes[:, j] = rng.choice(np.sort(column), n_clusters)
    for k in range(n_clusters):
        mismatches = np.count_nonzero(data.codes != modes[k], axis=1)
        for taken in modes:
            mismatches[(data.codes == taken).all(axis=1)] = q + 1
        modes[k] = data.codes[mismatches.argmin()]
    return modes


def _cao_modes(data: _Data, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Cao's choice: the densest row, then rows both dense and far from those chosen."""
    n, q = data.codes.shape
    density = np.zeros(n)
    for column in data.codes.T:
        density += np.bincount(column)[column] / n / q
    modes = data.codes[[density.argmax()]]
    closest = np.full(n, np.inf)
    for _ in range(1, n_clusters):
        mismatches = np.count_nonzero(data.codes != modes[-1], axis=1)
        closest = np.minimum(closest, mismatches * density)
        modes = np.vstack([modes, data.codes[closest.argmax()]])
    return modes


def _random_modes(data: _Data, n_clusters: int, rng: np.random.RandomState) -> IntArray:
    """Rows drawn at random."""
    rows = rng.choice(len(data.codes), n_clusters)
    return data.codes[rows]


_SEEDINGS: dict[str, _Seeding] = {
    "k-means++": _seed_kmeans_plus_plus,
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


def _check_init(init: Init, data: _Data, n_clusters: int) -> _Seeding:
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
    for name, part, columns in (("centers", centers, data.numeric), ("modes", modes, data.codes)):
        expected = (n_clusters, columns.shape[1])
        if part.shape != expected or not np.isfinite(part).all():
            raise InputError(
                f"init: the {name} must be finite numbers of shape {expected} (clusters, columns); "
                f"their shape is {part.shape}."
            )
    for j, levels in enumerate(data.level_slices):
        size = levels.stop - levels.start
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
