"""Running of tools in a call: rendering, requests, retries and redaction."""
