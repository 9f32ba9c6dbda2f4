"""Schedules: calls that recur, or come once, without a caller."""
