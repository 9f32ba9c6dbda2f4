"""Tenants, their keys and their agents."""
