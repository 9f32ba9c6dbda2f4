"""Calling compliance: suppressed numbers, allowed prefixes and frequency caps."""
