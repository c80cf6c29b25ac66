"""One training run: job, data feed, optimizers, arithmetic, resuming."""
