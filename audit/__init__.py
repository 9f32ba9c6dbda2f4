"""Audits of templates, secrets, the OpenAPI document, dependencies and their licences."""
