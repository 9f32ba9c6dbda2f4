"""Requests to addresses that a tenant chose, guarded against server-side request forgery (SSRF)."""
