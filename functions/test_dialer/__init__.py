"""Dials test calls: plays them, and reaches no LiveKit."""
