"""Dials: one invocation serves one wake."""
