"""Results in an Optuna storage: written once, in order, by the driver."""
