"""Workflows: what a call is about, which agents talk in it, and how the person is reached."""
