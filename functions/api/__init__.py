"""The HTTP API of tenants."""
