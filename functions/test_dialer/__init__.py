"""Dials test calls on a simulated LiveKit."""
