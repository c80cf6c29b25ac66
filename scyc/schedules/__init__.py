"""Learning-rate schedules, S-Cyc's curve included."""
