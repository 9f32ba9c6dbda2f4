"""Building blocks without dependencies in the product: clock, errors, settings, validation."""
