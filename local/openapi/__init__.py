"""The OpenAPI document, made from the models that the routes use."""
