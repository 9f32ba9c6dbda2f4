"""The edge to HTTP: bodies in, errors out, who is asking."""
