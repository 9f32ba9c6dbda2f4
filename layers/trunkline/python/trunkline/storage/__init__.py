"""The DynamoDB table: its keys, writes, encryption, versions and idempotency records."""
