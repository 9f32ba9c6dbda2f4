"""Whom a tenant may call: numbers that are never called, and those it does not want to be called."""
