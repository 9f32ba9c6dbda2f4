"""Makes deliveries of what the table's stream tells."""
