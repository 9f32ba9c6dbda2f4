"""The dashboard's built files, as `dashboard/scripts/precompress.ts` lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INDEX = "index.html"
_LIST = "site.json"


@dataclass(frozen=True)
class SiteFile:
    """A file: its media type, its tag, and the encodings (`br`, `gz`) that are beside it."""

    type: str
    etag: str
    encodings: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """All files, by path, and what the page is told of its stage.

    `config` is the content of `/config.json`. `connects_to` are other origins that the page may send requests
    to: those of a user pool and of uploads.
    """

    folder: Path
    files: Mapping[str, SiteFile]
    config: Mapping[str, Any]
    connects_to: Sequence[str] = ()
    _contents: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, folder: Path, config: Mapping[str, Any], connects_to: Sequence[str] = ()) -> Site:
        """Read the list of files in a folder."""
        listed = json.loads((folder / _LIST).read_text())
        files = {
            path: SiteFile(each["type"], each["etag"], tuple(each["encodings"]))
            for path, each in listed.items()
        }
        return cls(folder, files, config, connects_to)

    def content(self, path: str, encoding: str | None = None) -> bytes:
        """Return a listed file's content, in one of its encodings; each is read once per process."""
        name = f"{path}.{encoding}" if encoding else path
        if name not in self._contents:
            self._contents[name] = (self.folder / name).read_bytes()
        return self._contents[name]
