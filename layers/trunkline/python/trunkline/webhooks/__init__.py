"""Events, the endpoints that asked for them, and their signed delivery."""
