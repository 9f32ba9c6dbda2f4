"""The emulator's process: MiniStack, with the code of functions unpacked once, and streams as on AWS.

MiniStack itself unpacks code and layers for each function instance: 5,000 files and 3 s of CPU. Here
instances share one copy. It also takes a batch of stream records as done if a function reports some of them
as failed, which loses events. Runs in the emulator's own virtual environment, where no other module of this
project can be imported.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.app import main  # type: ignore[import-not-found]
from ministack.core.lambda_runtime import Worker  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

_REFERENCE = ".shared-copy-"
_unpack = zipfile.ZipFile.extractall
_start_instance = Worker._spawn
_layer_archive = lambda_svc._resolve_layer_zip
_execute_function = lambda_svc._execute_function
_lock = threading.Lock()
_thread = threading.local()


def _start(worker: Any, *arguments: Any, **named: Any) -> Any:
    """Start an instance; layers that this thread asks for meanwhile are to be unpacked."""
    _thread.starts_instance = True
    try:
        return _start_instance(worker, *arguments, **named)
    finally:
        _thread.starts_instance = False


def _layer(attachment: Any) -> bytes | None:
    """Return a layer's archive, or for an instance that starts a small one that refers to the copy.

    MiniStack looks at the path of each file of an archive before it unpacks it, which takes longer than the
    rest of the start.
    """
    if not getattr(_thread, "starts_instance", False):
        archive: bytes | None = _layer_archive(attachment)
        return archive
    return _reference(attachment if isinstance(attachment, str) else str(attachment.get("Arn", "")))


@functools.cache
def _reference(layer_arn: str) -> bytes | None:
    """Unpack a version of a layer, which never changes, and return an archive that refers to the copy."""
    content = _layer_archive(layer_arn)
    if content is None:
        return None
    reference = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as layer, zipfile.ZipFile(reference, "w") as archive:
        archive.writestr(_REFERENCE + _copy_of(layer).name, "")
    return reference.getvalue()


def _unpack_once(archive: zipfile.ZipFile, path: Any = None, *arguments: Any, **named: Any) -> None:
    """Unpack an archive; for a function's code or layer, link to the copy."""
    names = archive.namelist()
    if names and names[0].startswith(_REFERENCE):
        _link(path, Path(tempfile.gettempdir()) / names[0].removeprefix(_REFERENCE))
    elif getattr(_thread, "starts_instance", False):
        _link(path, _copy_of(archive))
    else:
        _unpack(archive, path, *arguments, **named)


def _link(path: str, copy: Path) -> None:
    Path(path).rmdir()
    os.symlink(copy, path)


def _copy_of(archive: zipfile.ZipFile) -> Path:
    """Return the unpacked copy of an archive, and make it if its content is new."""
    content = repr([(member.filename, member.CRC) for member in archive.infolist()])
    copy = Path(tempfile.gettempdir()) / f"copy-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    with _lock:
        if not copy.exists():
            unfinished = copy.with_suffix(".part")
            _unpack(archive, unfinished)
            unfinished.rename(copy)
    return copy


def _execute(function: Any, event: Any, *arguments: Any, **named: Any) -> Any:
    """Run a function; a batch of stream records of which some failed comes again, as after an error.

    AWS sends it from the first failed record on:
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    result = _execute_function(function, event, *arguments, **named)
    if _is_of_a_stream(event) and not result.get("error") and _failures(result.get("body")):
        return result | {"error": True, "body": {"errorType": "BatchItemFailures"}}
    return result


def _is_of_a_stream(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, dict) else None
    return records is not None and bool(records) and records[0].get("eventSource") == "aws:dynamodb"


def _failures(body: Any) -> Any:
    try:
        response = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return None
    return response.get("batchItemFailures") if isinstance(response, dict) else None


Worker._spawn = _start
lambda_svc._execute_function = _execute
lambda_svc._resolve_layer_zip = _layer
zipfile.ZipFile.extractall = _unpack_once  # type: ignore[assignment,method-assign]

if __name__ == "__main__":
    sys.exit(main())
