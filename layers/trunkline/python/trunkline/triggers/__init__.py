"""Triggers: calls that are started by another system's webhook."""
