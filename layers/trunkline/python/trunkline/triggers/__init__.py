"""Triggers: calls that another system's webhook starts, by a template."""
