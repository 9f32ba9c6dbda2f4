"""The documentation's site: `docs/` with generated references, built by mkdocs-material into static files.

Nothing here is deployed, and nothing of the product imports it.
"""
