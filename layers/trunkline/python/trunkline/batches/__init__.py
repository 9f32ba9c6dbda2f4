"""Batches: up to 100,000 calls by one template and a row of values each."""
