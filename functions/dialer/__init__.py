"""Dials waiting calls: one invocation serves one wake-up."""
