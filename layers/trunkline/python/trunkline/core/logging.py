"""Structured logs, set up one way everywhere."""

from __future__ import annotations

import logging
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from trunkline.core.redaction import redact_for_logs

MAX_TEXT = 8_000
"""Characters of one text in a log record. It may be another server's, which is cut before patterns see it."""

_MAX_DEPTH = 8


class _Formatter(LambdaPowertoolsFormatter):
    """Cuts long texts, and redacts keys, tokens and phone numbers from whatever a record contains."""

    def serialize(self, log: Any) -> str:
        return redact_for_logs(super().serialize(_cut(log)))


class _LibraryMessages(logging.Filter):
    """Cuts and redacts the records of libraries, which go to the handlers of Lambda's runtime."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _safe(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _safe(logging.Formatter().formatException(record.exc_info))
        return True


_library_messages = _LibraryMessages()


def logger(service: str) -> Logger:
    """Return the JSON logger of a service."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_library_messages)
    return Logger(service=service, log_uncaught_exceptions=True, logger_formatter=_Formatter())


def _safe(text: str) -> str:
    return redact_for_logs(text[:MAX_TEXT])


def _cut(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if depth >= _MAX_DEPTH:
        return type(value).__name__
    if isinstance(value, dict):
        return {_cut(name, depth + 1): _cut(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(inner, depth + 1) for inner in value]
    return value
