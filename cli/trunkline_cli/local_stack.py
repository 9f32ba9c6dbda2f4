"""The environment of commands that work on the local stack of `make run`."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from pathlib import Path

from trunkline.core.errors import NotFound

_FILE = Path(".local") / "stack.json"
_VALUES = ("aws_endpoint_url", "api_url", "live_key")
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


def _stack(folder: Path) -> dict[str, str]:
    for parent in (folder, *folder.parents):
        try:
            return _read(parent / _FILE)
        except FileNotFoundError:
            continue
    raise NotFound(f"no local stack runs in {folder} or above: start it with `make run`")


def _read(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text())
        values = {name: found[name] for name in _VALUES}
        is_complete = all(isinstance(value, str) for value in values.values())
    except (ValueError, LookupError, TypeError, RecursionError):
        is_complete = False
    if not is_complete:
        raise NotFound(f"{file} is not complete: wait until `make run` is ready, or start it again")
    return values
