"""Parts of studies: grids of max_lr, replicates, rivals, the search of one cycle."""
