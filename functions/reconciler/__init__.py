"""Plans the repairs of what was lost, once a minute."""
