"""The generator of the Python client: from the OpenAPI document to typed dictionaries and methods."""
