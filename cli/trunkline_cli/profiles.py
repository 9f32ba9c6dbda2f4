"""Profiles: the address of an API and a key for it, kept on the developer's machine under a name."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.core.errors import InvalidRequest, NotFound

DEFAULT = "default"
CHOSEN = "TRUNKLINE_PROFILE"
"""Environment variable with the name of the profile to use."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OWNER_ONLY = 0o700


@dataclass(frozen=True)
class Profile:
    """An API's URL, and a key of a tenant."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class ProfileFile:
    """The file of all profiles; only its owner may read it."""

    path: Path

    def read(self) -> dict[str, Profile]:
        """Return the profiles by name.

        Raises:
            NotFound: the file is not what `save` has written.
        """
        try:
            found = json.loads(self.path.read_text())
            return {str(name): Profile(**_texts(each)) for name, each in found.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise NotFound(
                f"{self.path} is no file of profiles: repair it, or delete it and log in"
            ) from error

    def find(self, name: str) -> Profile:
        """Return a profile.

        Raises:
            NotFound: there is none of this name.
        """
        profiles = self.read()
        if name not in profiles:
            known = f"known: {', '.join(sorted(profiles))}" if profiles else "there is none yet"
            raise NotFound(f"profile {name} not found ({known}): trunkline login --profile {name}")
        return profiles[name]

    def save(self, name: str, profile: Profile) -> None:
        """Keep a profile; one of the same name is replaced.

        Raises:
            InvalidRequest: the name is not one.
        """
        if not _NAME.fullmatch(name):
            raise InvalidRequest("a profile's name has 1 to 64 letters, digits, hyphens and underscores")
        self._write(self.read() | {name: profile})

    def remove(self, name: str) -> None:
        """Forget a profile.

        Raises:
            NotFound: there is none of this name.
        """
        self.find(name)
        self._write({known: each for known, each in self.read().items() if known != name})

    def _write(self, profiles: Mapping[str, Profile]) -> None:
        """Replace the file in one step: whoever is stopped in between has the earlier one."""
        self.path.parent.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        content = {name: {"url": each.url, "key": each.key} for name, each in profiles.items()}
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w") as file:  # `mkstemp` lets only the owner read it
            json.dump(content, file, indent=2)
        Path(temporary).replace(self.path)


def profile_file(environ: Mapping[str, str]) -> ProfileFile:
    """Return the file of profiles, by the XDG Base Directory Specification."""
    base = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return ProfileFile(Path(base) / "trunkline" / "profiles.json")


def find_profile(environ: Mapping[str, str], *, is_named_otherwise: bool) -> Profile | None:
    """Return the profile that a command uses: the one that was chosen, or else `default`, if there is one.

    None where an API or a key is named otherwise (`is_named_otherwise`): a key is never sent to the API of
    another profile.

    Raises:
        NotFound: there is no profile of that name.
        InvalidRequest: a profile was chosen, and an API or key named beside it.
    """
    file, name = profile_file(environ), environ.get(CHOSEN)
    if name and is_named_otherwise:
        raise InvalidRequest(f"profile {name} has a URL and a key: leave out --url and --key, or the profile")
    if name:
        return file.find(name)
    return None if is_named_otherwise else file.read().get(DEFAULT)


def _texts(stored: object) -> dict[str, str]:
    if not isinstance(stored, dict) or set(stored) != {"url", "key"}:
        raise ValueError("a profile has a url and a key")
    if not all(isinstance(value, str) for value in stored.values()):
        raise ValueError("url and key are texts")
    return stored
