"""Imports, checks, cancels and exports batches: one invocation is one step."""
