"""Ranges and forms of a stage's settings, outside of which AWS refuses a resource in mid-deployment. Pure.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html,
https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infrastructure.settings import StageSettings

_OF_SOURCES = (2, 1_000, "what an event source of SQS runs at once")
_RANGES = {
    "fanout_parallelization": (1, 10, "batches that Lambda takes at once of a shard"),
    "batch_parts_at_once": (1, 10_000, "children that a map runs at once; with 0 it would run all"),
    "api_memory_mib": (128, 10_240, "the memory of a function"),
    "dialer_memory_mib": (128, 10_240, "the memory of a function"),
}
_FORMS = {
    "alarm_email": (re.compile(r"none|[^@\s]+@[^@\s]+\.[^@\s]+"), "an e-mail address"),
    "alarm_https_url": (re.compile(r"none|https://\S+"), "an address that begins with https://"),
}


def problems(settings: StageSettings) -> Iterator[str]:
    """Yield what is outside of its range, or has another form."""
    for name, (least, most, what) in (
        _RANGES | dict.fromkeys(settings.source_concurrency(), _OF_SOURCES)
    ).items():
        if not least <= getattr(settings, name) <= most:
            yield f"{name} must be {least} to {most}: {what}"
    for name, (form, what) in _FORMS.items():
        if not form.fullmatch(getattr(settings, name)):
            yield f"{name} must be {what}, or none"
