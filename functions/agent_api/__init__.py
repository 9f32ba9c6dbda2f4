"""The agents' own door: what a call is about, and what they report of it."""
