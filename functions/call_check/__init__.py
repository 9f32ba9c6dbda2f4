"""Looks at one call at the time that was set for it."""
