"""Repairs the calls and lines of some trunks, or some web calls."""
