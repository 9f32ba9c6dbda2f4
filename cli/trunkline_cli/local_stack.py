"""The environment of commands that work on the local stack of `make run`."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from trunkline.core.errors import NotFound

_FILE = Path(".local") / "stack.json"
_REGION = "us-east-1"


def use_local_stack(environ: MutableMapping[str, str], folder: Path) -> None:
    """Point an environment to the stack that runs in a folder or one above it; a key that is set stays.

    Raises:
        NotFound: no local stack runs there.
    """
    stack = _stack(folder)
    environ.update(
        {
            "AWS_ENDPOINT_URL": stack["aws_endpoint_url"],
            "AWS_ENDPOINT_URL_S3": stack["aws_endpoint_url"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TRUNKLINE_STAGE": "local",
            "TRUNKLINE_API_URL": stack["api_url"],
        }
    )
    # A session or profile of AWS must not be sent to the emulator.
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
        environ.pop(name, None)
    environ.setdefault("TRUNKLINE_API_KEY", stack["live_key"])


def _stack(folder: Path) -> dict[str, Any]:
    for parent in (folder, *folder.parents):
        try:
            return dict(json.loads((parent / _FILE).read_text()))
        except FileNotFoundError:
            continue
    raise NotFound(f"no local stack runs in {folder} or above: start it with `make run`")
