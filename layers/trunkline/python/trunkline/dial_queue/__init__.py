"""The queue of calls that wait for a trunk: its lease, wake-ups, status and pacing arithmetic."""
