"""Repairs what was lost, once a minute."""
