"""Numbers of the last hours: calls by minute, starts by second, and the reconciler's repairs."""
