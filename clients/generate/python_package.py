"""The files of the generated part of the Python client, from the OpenAPI document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.generate.document import Document
from clients.generate.python_operations import ASYNC, SYNC, Flavour, render_client
from clients.generate.python_types import render_models

_HEADER = '"""{} Generated from docs/openapi.json by `make clients`: do not edit."""\n'


def render_package(source: Mapping[str, Any], version: str) -> dict[str, str]:
    """Return the text of each file by its name."""
    document = Document(source)
    return {
        "_generated/__init__.py": _HEADER.format("What follows from the API's description."),
        "_generated/version.py": _HEADER.format("The release that the client was made for.")
        + f"\nVERSION = {version!r}\n",
        "models.py": _models(document),
        "_generated/operations.py": _operations(document, SYNC),
        "_generated/async_operations.py": _operations(document, ASYNC),
    }


def _models(document: Document) -> str:
    parts = [
        _HEADER.format("Types of what the API takes and sends."),
        "from __future__ import annotations\n",
        "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n",
        *render_models(document.used_models()),
        "\n",
        f"WebhookPayload: TypeAlias = {' | '.join(document.payloads)}",
        '"""The body of a webhook."""',
        f"WebhookEvent: TypeAlias = {' | '.join(document.events)}",
        '"""The event in the body of a webhook; its `type` tells which."""\n',
    ]
    return "\n".join(parts)


def _operations(document: Document, flavour: Flavour) -> str:
    parts = [
        _HEADER.format("Methods of the client."),
        "from __future__ import annotations\n",
        f"from collections.abc import {flavour.iterator}",
        "from typing import Literal\n",
        "from trunkline_client import models",
        "from trunkline_client.requests import ApiRequest, new_idempotency_key, segment",
        f"from trunkline_client.sending import {flavour.sender}\n\n",
        *render_client(document.operations, flavour),
    ]
    return "\n".join(parts) + "\n"
