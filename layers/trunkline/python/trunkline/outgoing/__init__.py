"""Requests to addresses that a tenant chose: hostile territory."""
