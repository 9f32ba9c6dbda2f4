"""The clients of the API: packages for Python and TypeScript, and what generates them."""
