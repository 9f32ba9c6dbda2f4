"""Agents: which LiveKit worker talks in a tenant's calls, and how its calls are dialled."""
