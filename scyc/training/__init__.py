"""One training: job, data feed, optimizers, arithmetic, resuming."""
