"""Pack queue, workers and Ray: how the cells that a search requests are trained."""
