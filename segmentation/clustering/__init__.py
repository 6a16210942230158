"""Feature set A, the clustering methods and the silhouette."""
