"""Tools: what an agent does to the outside world during a call."""
