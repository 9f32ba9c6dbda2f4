"""Webhooks: events, endpoints that subscribe to them, and signed delivery with retries."""
