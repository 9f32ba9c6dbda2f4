"""Composition root of the API: one builder per service, used when a request first needs it."""
