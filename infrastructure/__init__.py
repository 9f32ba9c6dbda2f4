"""The CDK app: one thin stack, one construct per concern."""
