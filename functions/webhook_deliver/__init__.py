"""Sends webhooks, one attempt an invocation."""
