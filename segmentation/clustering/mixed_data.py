"""Customers in the mixed dissimilarity, and the loops over all of them, compiled.

    d(x, prototype) = sum_numeric (x - mean)^2 + gamma * sum_categorical [x != mode]

A *pass* of K-Prototypes is one `nearest` and one `update`. Both are plain loops that numba compiles
once (and keeps on disk). They are laid out for the processor: customers in columns and in blocks
that stay in its cache; level codes, where they fit, in one byte, so that 32 are compared at once.
Every sum adds in the order of a plain loop (columns within a customer, customers within a cluster),
whatever the width of the registers: the same data give the same bits everywhere. The loops do not
hold Python's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

# Customers of a block: their numbers, codes and distances stay in the first-level cache.
BLOCK = 512
# A byte holds the codes of so many levels, and counts the mismatches of so many attributes; the
# last value is left for a code of -1, which matches no mode.
BYTE = 255


class Prototypes(NamedTuple):
    """The centres of K clusters.

    Attributes
    ----------
    centers : (K, p) means of the numeric attributes, in their units
    modes : (K, q) level codes of the categorical attributes
    """

    centers: FloatArray
    modes: IntArray


class Totals(NamedTuple):
    """Sums over the rows of each cluster.

    Attributes
    ----------
    weight : (K,)
    level_weight : (K, L) of every level of every attribute, side by side
    """

    weight: FloatArray
    level_weight: FloatArray


class MixedData:
    """Rows of numbers and level codes.

    Parameters
    ----------
    numeric : (n, p) finite numbers
    codes : (n, q) level codes 0..n_levels[j]-1; for distances alone also -1, which matches no mode
    n_levels : q numbers of levels
    gamma : weight of a categorical mismatch
    weight : (n,) weights of the rows, 1 by default

    Attributes
    ----------
    numbers, codes : (p, n) and (q, n), a row of memory an attribute: for distances
    number_rows, level_rows : (n, p) and (n, q), a row of memory a customer: for sums. A level is
        its place in `Totals.level_weight`
    origin : (p,) a value of each number near its mean. Sums are taken around it: around 0, values
        far from there would lose digits; and what is whole stays whole
    first_level : (q + 1,) where the levels of each attribute begin in `Totals.level_weight`
    """

    def __init__(
        self,
        numeric: FloatArray,
        codes: IntArray,
        n_levels: Sequence[int],
        gamma: float,
        weight: FloatArray | None = None,
    ) -> None:
        # Copies: a view of a DataFrame may be read-only, and would be compiled for once more.
        self.number_rows = np.array(numeric, dtype=np.float64, order="C")
        self.numbers = np.array(numeric.T, dtype=np.float64, order="C")
        middle = np.abs(numeric - numeric.mean(axis=0)).argmin(axis=0)
        self.origin = numeric[middle, np.arange(numeric.shape[1])]
        fits = len(n_levels) <= BYTE and max(n_levels, default=0) <= BYTE
        self._code_type = np.uint8 if fits else np.int32
        self.codes = np.ascontiguousarray(codes.T.astype(self._code_type))
        self.first_level = np.cumsum([0, *n_levels], dtype=np.int64)
        self.level_rows = np.ascontiguousarray(codes + self.first_level[:-1], dtype=np.int32)
        self.gamma = float(gamma)
        self.weight = np.ones(len(numeric)) if weight is None else weight

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.weight)

    def take(self, rows: npt.NDArray[np.intp]) -> MixedData:
        """Return some of the rows."""
        some = object.__new__(MixedData)
        some.__dict__.update(
            self.__dict__,
            numbers=self.numbers.take(rows, axis=1),
            codes=self.codes.take(rows, axis=1),
            number_rows=self.number_rows[rows],
            level_rows=self.level_rows[rows],
            weight=self.weight[rows],
        )
        return some

    def rows(self, rows: npt.NDArray[np.intp]) -> Prototypes:
        """Return some of the rows as prototypes."""
        return Prototypes(self.number_rows[rows], self.level_rows[rows] - self.first_level[:-1])

    def nearest(self, prototypes: Prototypes) -> tuple[IntArray, FloatArray]:
        """(n,) nearest prototype of every row, ties to the lowest, and (n,) distances to it."""
        labels, distances = np.empty(len(self), dtype=np.int32), np.empty(len(self))
        _nearest(*self._arguments(prototypes), labels, distances)
        return labels, distances

    def distances(self, prototypes: Prototypes) -> FloatArray:
        """(K, n) distances of every row to every prototype."""
        distances = np.empty((len(prototypes.centers), len(self)))
        _distances(*self._arguments(prototypes), distances)
        return distances

    def squared_distances(self, centers: FloatArray) -> FloatArray:
        """(K, n) distances in the numeric attributes alone."""
        distances = np.empty((len(centers), len(self)))
        no_modes = np.empty((len(centers), 0), dtype=self._code_type)
        _distances(self.numbers, self.codes[:0], centers.copy(), no_modes, self.gamma, distances)
        return distances

    def update(self, labels: IntArray, n_clusters: int) -> tuple[Prototypes, Totals]:
        """Means and modes of clusters, and the totals behind them.

        Ties between levels go to the lowest code. An empty cluster has no mean (not a number).
        """
        p, q = len(self.numbers), len(self.codes)
        prototypes = Prototypes(
            np.zeros((n_clusters, p)), np.empty((n_clusters, q), dtype=np.int32)
        )
        totals = Totals(np.zeros(n_clusters), np.zeros((n_clusters, self.first_level[-1])))
        arrays = self.number_rows, self.level_rows, self.origin, self.first_level, self.weight
        _update(*arrays, labels, *prototypes, *totals)
        return prototypes, totals

    def swap_costs(self, prototypes: Prototypes, places: Prototypes) -> FloatArray:
        """(K, places) cost if a prototype went to a place, each row to the nearest then."""
        costs = np.zeros((len(prototypes.centers), len(places.centers)))
        to_place = self.distances(places)
        _swap_costs(*self._arguments(prototypes), self.weight, to_place, costs)
        return costs

    def _arguments(
        self, prototypes: Prototypes
    ) -> tuple[FloatArray, npt.NDArray[Any], FloatArray, npt.NDArray[Any], float]:
        modes = prototypes.modes.astype(self._code_type, order="C")
        centers = np.array(prototypes.centers, dtype=np.float64, order="C")
        return self.numbers, self.codes, centers, modes, self.gamma


@njit(nogil=True, cache=True, error_model="numpy")
def _block_distances(numbers, codes, start, stop, center, mode, gamma, mismatches, distances):  # type: ignore[no-untyped-def]
    """Distances of the rows of a block to one prototype."""
    size = stop - start
    for i in range(size):
        distances[i] = 0.0
    for i in range(size):
        mismatches[i] = 0
    for j in range(numbers.shape[0]):
        values, mean = numbers[j, start:stop], center[j]
        for i in range(size):
            difference = values[i] - mean
            distances[i] += difference * difference
    for j in range(codes.shape[0]):
        levels, own = codes[j, start:stop], mode[j]
        for i in range(size):
            mismatches[i] = mismatches[i] + (levels[i] != own)
    for i in range(size):
        distances[i] += gamma * mismatches[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _nearest(numbers, codes, centers, modes, gamma, labels, distances):  # type: ignore[no-untyped-def]
    mismatches, to_one = np.empty(BLOCK, codes.dtype), np.empty(BLOCK)
    n = len(labels)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        size = stop - start
        label, least = labels[start:stop], distances[start:stop]
        for i in range(size):
            least[i] = np.inf
        for i in range(size):
            label[i] = 0
        for k in range(len(centers)):
            _block_distances(
                numbers, codes, start, stop, centers[k], modes[k], gamma, mismatches, to_one
            )
            for i in range(size):
                closer = to_one[i] < least[i]
                least[i] = to_one[i] if closer else least[i]
                label[i] = k if closer else label[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _distances(numbers, codes, centers, modes, gamma, distances):  # type: ignore[no-untyped-def]
    mismatches = np.empty(BLOCK, codes.dtype)
    n = distances.shape[1]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        for k in range(len(centers)):
            to_one = distances[k, start:stop]
            _block_distances(
                numbers, codes, start, stop, centers[k], modes[k], gamma, mismatches, to_one
            )


@njit(nogil=True, cache=True, error_model="numpy")
def _update(  # type: ignore[no-untyped-def]
    numbers, levels, origin, first_level, weight, labels, centers, modes, sizes, level_weight
):
    for i in range(len(labels)):
        k, w = labels[i], weight[i]
        sizes[k] += w
        own_numbers, sums = numbers[i], centers[k]
        for j in range(len(origin)):
            sums[j] += w * (own_numbers[j] - origin[j])
        own_levels, weights = levels[i], level_weight[k]
        for j in range(len(own_levels)):
            weights[own_levels[j]] += w
    for k in range(len(sizes)):
        for j in range(len(origin)):
            centers[k, j] = origin[j] + centers[k, j] / sizes[k]
        for j in range(modes.shape[1]):
            modes[k, j] = np.argmax(level_weight[k, first_level[j] : first_level[j + 1]])


@njit(nogil=True, cache=True, error_model="numpy")
def _swap_costs(numbers, codes, centers, modes, gamma, weight, to_place, costs):  # type: ignore[no-untyped-def]
    n_clusters, n_places = costs.shape
    mismatches, to_one = np.empty(BLOCK, codes.dtype), np.empty(BLOCK)
    label, nearest, second = np.empty(BLOCK, np.int32), np.empty(BLOCK), np.empty(BLOCK)
    if_kept = np.zeros(n_places)
    n = to_place.shape[1]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        size = stop - start
        for i in range(size):
            nearest[i] = np.inf
            second[i] = np.inf
        for k in range(n_clusters):
            _block_distances(
                numbers, codes, start, stop, centers[k], modes[k], gamma, mismatches, to_one
            )
            for i in range(size):
                if to_one[i] < nearest[i]:
                    second[i], nearest[i], label[i] = nearest[i], to_one[i], k
                elif to_one[i] < second[i]:
                    second[i] = to_one[i]
        for place in range(n_places):
            distance = to_place[place, start:stop]
            for i in range(size):
                kept = weight[start + i] * min(nearest[i], distance[i])
                taken = weight[start + i] * min(second[i], distance[i])
                if_kept[place] += kept
                costs[label[i], place] += taken - kept
    for k in range(n_clusters):
        for place in range(n_places):
            costs[k, place] += if_kept[place]
