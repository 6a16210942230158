"""The steps that lower the cost of K prototypes: seeding, Lloyd's passes, swaps, single moves.

What they are, and in which order `fit_encoded` takes them, is said in
`segmentation.clustering.kprototypes_core`; `segmentation.clustering.kprototypes_paths` takes the
same steps in a quicker order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segmentation.clustering.mixed_data import (
    FloatArray,
    IntArray,
    MixedData,
    Prototypes,
    Totals,
)

Rng = np.random.RandomState | np.random.Generator
RowNumbers = npt.NDArray[np.intp]

# The share of the cost that a single move has to save: less is rounding.
MOVE_SAVING = 1e-10


@dataclass
class Start:
    """Where one start has got to.

    Attributes
    ----------
    labels : (n,) nearest prototype of every row
    prototypes : means and modes of the labels one pass earlier; the same once it has converged
    costs : before the passes, and after each
    n_iter : passes so far
    converged : whether the last pass moved nobody, or no more rows than it was allowed to
    """

    labels: IntArray
    prototypes: Prototypes
    costs: list[float]
    n_iter: int = 0
    converged: bool = False


def run_start(
    data: MixedData, prototypes: Prototypes, passes: int, *, settled: float = 0.0
) -> Start:
    """Lloyd's passes from given prototypes; parameters as in `lloyd`."""
    labels, cost = _assign(data, prototypes)
    start = Start(labels, prototypes, [cost])
    lloyd(data, start, passes, settled=settled)
    return start


def lloyd(data: MixedData, start: Start, passes: int, *, settled: float = 0.0) -> None:
    """Update and assign until nobody moves, or as often as allowed.

    Parameters
    ----------
    data, start : the rows, and where to go on
    passes : the most
    settled : share of the rows that may still move in the last pass
    """
    n_clusters = len(start.prototypes.centers)
    for _ in range(passes):
        start.prototypes, _ = data.update(start.labels, n_clusters)
        labels, cost = _assign(data, start.prototypes)
        moved = np.count_nonzero(labels != start.labels)
        start.converged = bool(moved <= settled * len(labels))
        start.labels = labels
        start.costs.append(cost)
        start.n_iter += 1
        if start.converged:
            break


def _assign(data: MixedData, prototypes: Prototypes) -> tuple[IntArray, float]:
    """Nearest prototype of every row, and the cost; a cluster left empty gets the costliest row.

    That is, of the clusters that can spare one. It will be the new prototype, at distance 0.
    """
    labels, costs = data.nearest(prototypes)
    costs *= data.weight
    cost = float(costs.sum())
    counts = data.weight > 0
    members = np.bincount(labels, weights=counts, minlength=len(prototypes.centers))
    for empty in np.flatnonzero(members == 0):
        row = np.where(counts & (members[labels] > 1), costs, -1.0).argmax()
        members[labels[row]] -= 1
        members[empty] = 1
        labels[row] = empty
    return labels, cost


# ---- Swaps and single moves ----


def swap_prototype(
    data: MixedData,
    start: Start,
    places: RowNumbers,
    *,
    tries: int,
    passes: int,
    saving: float,
    settled: float = 0.0,
) -> Start | None:
    """Put one prototype somewhere else; the first such start that soon gets lower, if any does.

    Lloyd's passes cannot take a prototype from a group that has two to one that shares. For each
    prototype, the place is tried that would leave the least cost before any pass; the prototype
    that would leave least goes first.

    Parameters
    ----------
    data, start : the rows, and where to go on
    places : rows to put it on
    tries : prototypes tried, at most
    passes, settled : what each try gets to show that it lowers the cost, as in `lloyd`
    saving : the share of the cost that it has to save
    """
    if len(start.prototypes.centers) == 1:
        return None
    at_places = data.rows(places)
    costs = data.swap_costs(start.prototypes, at_places)
    for k in np.argsort(costs.min(axis=1), kind="stable")[:tries]:
        place = costs[k].argmin()
        centers, modes = start.prototypes.centers.copy(), start.prototypes.modes.copy()
        centers[k], modes[k] = at_places.centers[place], at_places.modes[place]
        trial = run_start(data, Prototypes(centers, modes), passes, settled=settled)
        if trial.costs[-1] < start.costs[-1] * (1 - saving):
            return trial
    return None


def move_single_rows(data: MixedData, start: Start) -> bool:
    """Move rows whose move alone lowers the cost; whether there were any.

    Two moves may spoil each other, so all are tried together, and then the more promising half,
    until the cost does fall. The best one alone always lowers it.
    """
    n_clusters = len(start.prototypes.centers)
    if n_clusters == 1:
        return False
    prototypes, totals = data.update(start.labels, n_clusters)
    cost = _cost(data, prototypes, start.labels)
    changes = _change_of_cost(data, start.labels, prototypes, totals)
    target = changes.argmin(axis=1).astype(np.int32)
    change = changes[np.arange(len(target)), target]
    movers = np.flatnonzero(change < -MOVE_SAVING * cost)
    movers = movers[np.argsort(change[movers], kind="stable")]
    while len(movers):
        labels = start.labels.copy()
        labels[movers] = target[movers]
        prototypes, totals = data.update(labels, n_clusters)
        if totals.weight.min() > 0 and _cost(data, prototypes, labels) < cost:
            start.labels = labels
            return True
        movers = movers[: len(movers) // 2]
    return False


def _cost(data: MixedData, prototypes: Prototypes, labels: IntArray) -> float:
    """Cost of a partition, the prototypes being its means and modes."""
    distances = data.distances(prototypes)[labels, np.arange(len(labels))]
    return float((data.weight * distances).sum())


def _change_of_cost(
    data: MixedData, labels: IntArray, prototypes: Prototypes, totals: Totals
) -> FloatArray:
    """(n, K) exact change of cost if one row moved to another cluster; infinite for its own.

    A row of weight w that joins a cluster of weight W pulls the mean and costs W/(W+w) of its
    squared distance; leaving gives back W/(W-w) of it. In a categorical attribute it costs w to
    join, less what it lifts its level above the mode; leaving gives back w, less what the mode
    loses.
    """
    rows = np.arange(len(labels))
    weight, clusters = data.weight[:, None], totals.weight
    squared = data.squared_distances(prototypes.centers).T
    join = squared * (weight * clusters / (clusters + weight))
    rest = clusters[labels] - data.weight
    rest[rest <= 1e-12 * clusters[labels]] = np.inf  # alone: at distance 0, and stays
    leave = squared[rows, labels] * data.weight * clusters[labels] / rest
    for codes, first, end in zip(
        data.codes, data.first_level[:-1], data.first_level[1:], strict=True
    ):
        counts = totals.level_weight[:, first:end]
        top = counts.max(axis=1, keepdims=True)
        runner_up = np.sort(counts, axis=1)[:, -2:-1] if counts.shape[1] > 1 else 0.0
        lead = np.where(counts == top, top - runner_up, 0.0)
        join += data.gamma * np.minimum(weight, (top - counts).T[codes])
        leave += data.gamma * np.maximum(0.0, data.weight - lead[labels, codes])
    changes = join - leave[:, None]
    changes[rows, labels] = np.inf
    return changes


# ---- Seeding ----


def seed_kmeans_plus_plus(data: MixedData, n_clusters: int, rng: Rng) -> Prototypes:
    """Draw rows, each with probability proportional to its cost under the rows drawn so far.

    Of a few candidates the one that leaves the least cost is kept (greedy, as scikit-learn does).
    """
    n_candidates = 2 + int(np.log(n_clusters))
    rows = _draw(data.weight, 1, rng)
    closest = data.distances(data.rows(rows))[0]
    for _ in range(1, n_clusters):
        candidates = _draw(data.weight * closest, n_candidates, rng)
        distances = data.distances(data.rows(candidates))
        np.minimum(distances, closest, out=distances)
        best = (data.weight * distances).sum(axis=1).argmin()
        rows = np.append(rows, candidates[best])
        closest = distances[best]
    return data.rows(rows)


def _draw(share: FloatArray, size: int, rng: Rng) -> RowNumbers:
    """Draw rows with probabilities proportional to `share`, with replacement."""
    cumulated = np.cumsum(share)
    points = rng.random(size) * cumulated[-1]
    drawn: RowNumbers = np.searchsorted(cumulated, points, side="right")
    return np.minimum(drawn, len(share) - 1, out=drawn)
