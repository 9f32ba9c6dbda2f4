"""Takes LiveKit's webhooks."""
