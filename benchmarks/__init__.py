"""Benchmarks, run by `make bench`: figures in a table, as ratios to a baseline."""
