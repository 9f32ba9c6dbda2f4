"""Serves the dashboard's files."""
