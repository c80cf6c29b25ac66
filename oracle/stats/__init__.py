"""Feasible regions, their intervals and the curves behind them. Pure functions."""
