"""A batch from a file: created, uploaded, checked, started, and followed to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from trunkline.core.errors import InvalidRequest
from trunkline_cli.api import ApiClient, ApiError

MAX_UPLOAD_MB = {"csv": 100, "ndjson": 100, "json": 32}
FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}
ENDED = ("completed", "cancelled", "refused")
_UPLOAD_TIMEOUT_S = 600
_POLL_S = 1.0


def upload_put(url: str, file: Path) -> None:
    """Send a file to where the API wants it: storage of AWS, which gets no key.

    Raises:
        ApiError: it was not taken. The error does not show the address, which is a right to upload.
    """
    with file.open("rb") as content:
        length = {"Content-Length": str(file.stat().st_size)}
        response = httpx.put(url, content=content, headers=length, timeout=_UPLOAD_TIMEOUT_S)
    if response.is_error:
        raise ApiError(f"the upload was refused with {response.status_code}", response.status_code)


@dataclass(frozen=True)
class BatchRun:
    """Runs a file's rows as a batch of an API. `upload` puts the file, and `sleep` passes the time."""

    api: ApiClient
    upload: Callable[[str, Path], None] = upload_put
    sleep: Callable[[float], None] = time.sleep

    def check(self, file: Path, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a batch of a file, and return it with its rows checked; nobody is called.

        Raises:
            InvalidRequest: the file is empty, too large or of no known format.
            ApiError: the API refused the batch, or one error affects every row.
        """
        wanted = {"name": name, "body": body, "format": _format_of(file), "dry_run": True}
        created = self.api.post("batches", wanted)
        self.upload(created["upload"]["url"], file)
        self.start(created["id"])
        *_, batch = self.follow(created["id"], until=("checked", *ENDED))
        if batch["status"] == "refused":
            raise ApiError(f"batch {batch['id']} was refused: {batch['refused_because']}")
        return batch

    def start(self, batch_id: str) -> dict[str, Any]:
        """Start what a batch waits with: the check of an uploaded file, then its calls."""
        return self.api.post(f"batches/{batch_id}/start")

    def follow(self, batch_id: str, until: tuple[str, ...] = ENDED) -> Iterator[dict[str, Any]]:
        """Yield the batch whenever its status or progress changes, until it has one of some statuses."""
        seen = None
        while True:
            batch = self.api.get(f"batches/{batch_id}")
            if (now := (batch["status"], batch["paused"], batch["progress"])) != seen:
                seen = now
                yield batch
            if batch["status"] in until:
                return
            self.sleep(_POLL_S)


def progress_line(batch: dict[str, Any]) -> str:
    """Say in a line where a batch stands."""
    progress = batch["progress"]
    outcomes = ", ".join(
        f"{calls} {status}" for status, calls in sorted(progress["outcomes"].items()) if calls
    )
    ended = f"{progress['ended']} ended" + (f" ({outcomes})" if outcomes else "")
    counts = f"{progress['accepted']} calls, {progress['refused']} rows refused, {ended}"
    return f"{batch['status']}{', paused' if batch['paused'] else ''}: {counts}"


def forecast_lines(batch: dict[str, Any]) -> Iterator[str]:
    """Say what a checked batch would do, and why rows were refused."""
    progress, forecast = batch["progress"], batch["forecast"]
    accepted, refused = progress["accepted"], progress["refused"]
    yield f"{progress['rows']} rows: {accepted} would be called, {refused} are refused"
    for refusal in progress["refusals"]:
        yield f"  {refusal['rows']} as {refusal['type']}"
    if forecast:
        finish = forecast["finish_at"] or "never: a calling window does not open"
        yield f"the first call begins {forecast['starts_at']}, the last one {finish}"


def _format_of(file: Path) -> str:
    size_mb = file.stat().st_size / 1024**2
    if not size_mb:
        raise InvalidRequest(f"{file} is empty")
    if file.suffix.lower() not in FORMATS:
        raise InvalidRequest(f"{file}: a batch takes files that end in {', '.join(FORMATS)}")
    form = FORMATS[file.suffix.lower()]
    if size_mb > MAX_UPLOAD_MB[form]:
        limit = f"a batch takes {MAX_UPLOAD_MB[form]} MB of {form}"
        raise InvalidRequest(f"{file} has {size_mb:,.0f} MB, and {limit}: split it")
    return form
