"""Composition root of the agents' API: one builder per service, used when a request first needs it."""
