"""Lets through only what came by way of CloudFront."""
