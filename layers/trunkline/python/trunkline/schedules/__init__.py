"""Schedules: recurring and one-time calls without a request."""
