"""The Lambda functions, one file each: environment, sizes, triggers and permissions."""
