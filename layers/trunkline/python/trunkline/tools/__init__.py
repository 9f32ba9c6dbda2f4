"""Tools and the secrets that they use: definitions, validation and storage."""
