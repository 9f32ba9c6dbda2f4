"""Receives LiveKit's webhooks."""
