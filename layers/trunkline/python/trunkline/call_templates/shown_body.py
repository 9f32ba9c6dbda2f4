"""What is shown of a stored template: its `user_context` only by its names. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from trunkline.core.redaction import HIDDEN_VALUE

CONTEXT_FIELD = "user_context"
_ONLY_A_PATH = re.compile(r"\{\{[^{}|'\"]*\}\}")


class StoredTemplate(Protocol):
    """What has a template: an automation or a batch. `user_context` is a ciphertext."""

    @property
    def id(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def body_json(self) -> str: ...
    @property
    def user_context(self) -> bytes | None: ...


def shown_body(template: StoredTemplate) -> dict[str, Any]:
    """Return the body of a template as it is shown, also where an earlier version stored it in plain text."""
    body: dict[str, Any] = json.loads(template.body_json)
    if template.user_context is None and body.get(CONTEXT_FIELD):
        body[CONTEXT_FIELD] = shown_context(body[CONTEXT_FIELD])
    return body


def shown_context(value: Any) -> Any:
    """Return a `user_context` with hidden values, except for those that only name something to fill in."""
    if isinstance(value, Mapping):
        return {name: _shown_value(entry) for name, entry in value.items()}
    return _shown_value(value)


def _shown_value(value: Any) -> Any:
    return value if isinstance(value, str) and _ONLY_A_PATH.fullmatch(value) else HIDDEN_VALUE
