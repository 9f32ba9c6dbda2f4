"""Figures, printed as a table with ratios; `make bench`."""
