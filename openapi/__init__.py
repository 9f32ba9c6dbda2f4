"""The OpenAPI document of the API, made from the declarations of its routes."""
