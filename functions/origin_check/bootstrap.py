"""Composition root of `origin_check`."""

from __future__ import annotations

from functools import cache

from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.settings import OriginCheckSettings
from trunkline.http_api.origin_secret import OriginSecret


@cache
def origin_secret() -> OriginSecret:
    """Build the reader of the secret, once per process."""
    arn = OriginCheckSettings.from_env().origin_secret_arn
    return OriginSecret(aws_clients.client("secretsmanager"), arn, SystemClock())
