"""Lambda handlers: each parses, makes one call and maps the result."""
