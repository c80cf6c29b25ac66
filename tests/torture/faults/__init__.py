"""What the torture tests stand on: drivers that are killed, and what must hold afterwards."""
