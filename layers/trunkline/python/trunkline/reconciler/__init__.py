"""Periodic repairs, one module a kind of record."""
