"""The search for S-Cyc's parameters: candidates, how they are suggested, when they are stopped."""
