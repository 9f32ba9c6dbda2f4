"""Faults together and at random on the local stack: `make chaos`."""
