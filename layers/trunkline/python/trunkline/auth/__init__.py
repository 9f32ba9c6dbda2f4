"""Authentication, authorisation and audit: API keys, sessions, principals and the audit log."""
