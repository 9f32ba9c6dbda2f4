"""Trunks: their models, storage, circuit breaker and batch holds."""
