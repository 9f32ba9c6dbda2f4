"""Lambda function that delivers webhooks, one attempt per invocation."""
