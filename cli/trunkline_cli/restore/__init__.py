"""Restore of a stage's table to an earlier time: a new table, made safe before any function uses it."""
