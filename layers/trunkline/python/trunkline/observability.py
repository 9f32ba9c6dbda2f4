"""Structured logs and metrics, set up one way everywhere."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics

NAMESPACE = "Trunkline"


def logger(service: str) -> Logger:
    """Return the JSON logger of a service; never give it a number in full, a key, a token or a context."""
    return Logger(service=service, log_uncaught_exceptions=True)


def metrics(service: str) -> Metrics:
    """Return the embedded-metric writer of a service."""
    return Metrics(namespace=NAMESPACE, service=service)
