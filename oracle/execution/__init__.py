"""Pack queue, workers and Ray: how the cells that a search asks for get trained."""
