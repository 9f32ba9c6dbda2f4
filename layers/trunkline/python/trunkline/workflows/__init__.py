"""Workflows: the agents, tools and channel of a call, and its state."""
