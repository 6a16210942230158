"""What the methods with plain centroids share."""

import numpy as np
import pytest

from segmentation.clustering import centroids


def test_clusters_are_numbered_by_size_and_then_by_the_centre_column_by_column():
    centers = np.array([[1.0, 0, 9], [3.0, 5, 0], [1.0, 0, 7], [0.0, 6, 8], [3.0, 4, 9]])
    labels = np.repeat([0, 1, 2, 3, 4], [2, 3, 2, 2, 3])
    assert centroids.order_by_size(labels, centers).tolist() == [4, 1, 3, 2, 0]


def test_the_nearest_centre_and_ties_to_the_lower():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
    labels, distances = centroids.nearest(points, np.array([[2.0, 0.0], [0.0, 0.0]]))
    assert labels.tolist() == [1, 0, 0]
    assert distances.tolist() == [0.0, 17.0, 1.0]


def test_rows_are_drawn_once_each_and_stay_in_order():
    assert centroids.draw_rows(5, 5, seed=0).tolist() == [0, 1, 2, 3, 4]
    drawn = centroids.draw_rows(1000, 10, seed=0)
    assert len(drawn) == 10
    assert (np.diff(drawn) > 0).all()
    assert drawn.max() > 500  # not the first
    assert drawn.tolist() != centroids.draw_rows(1000, 10, seed=1).tolist()


@pytest.mark.parametrize("n_rows", [1, 4])
def test_a_cluster_that_nobody_is_in_comes_last(n_rows):
    labels = np.zeros(n_rows, dtype=int)
    assert centroids.order_by_size(labels, np.array([[1.0], [0.0]])).tolist() == [0, 1]
