"""Requests to LiveKit, its webhooks and tokens, and the meaning of its answers."""
