"""Structured logs and metrics, set up one way everywhere."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import Metrics

from trunkline.core.redaction import redact_for_logs

NAMESPACE = "Trunkline"


class _Formatter(LambdaPowertoolsFormatter):
    """Redacts keys, tokens and phone numbers from whatever a record contains."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_for_logs(super().format(record))


def logger(service: str) -> Logger:
    """Return the JSON logger of a service."""
    return Logger(service=service, log_uncaught_exceptions=True, logger_formatter=_Formatter())


def metrics(service: str) -> Metrics:
    """Return the embedded-metric writer of a service."""
    return Metrics(namespace=NAMESPACE, service=service)
