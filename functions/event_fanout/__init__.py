"""Lambda function that turns the table's stream into deliveries and bus events."""
