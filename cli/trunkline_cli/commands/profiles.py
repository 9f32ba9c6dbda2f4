"""`trunkline login`, `logout` and `profiles`: an API and its key under a name."""

from __future__ import annotations

import os
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from trunkline.core.errors import InvalidRequest
from trunkline_cli.api import ApiClient, expected_shape
from trunkline_cli.console import AsJson, report_errors, show, show_rows
from trunkline_cli.profiles import CHOSEN, DEFAULT, Profile, profile_file

Name = Annotated[str, typer.Option("--profile", envvar=CHOSEN, help="Name of the profile.")]
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_HIDDEN = "…"


def login(
    url: Annotated[str, typer.Option(envvar="TRUNKLINE_API_URL", help="URL of the API.")],
    profile: Name = DEFAULT,
) -> None:
    """Keep an API's URL and a key on this machine, after the API has accepted the key.

    The key is asked for, or read from the input: others could see an argument in the list of processes.
    """
    with report_errors(), expected_shape():
        _require_private(url)
        key = _read_key()
        session = ApiClient(url, key).session()
        mode = "live" if session["livemode"] else "test"
        said = f"{profile}: {mode} key {session['name']} of tenant {session['tenant_id']} at {url}"
        profile_file(os.environ).save(profile, Profile(url, key))
        show(said)


def logout(profile: Name = DEFAULT) -> None:
    """Forget a profile and its key on this machine. The key stays valid: `keys revoke` ends it."""
    with report_errors():
        profile_file(os.environ).remove(profile)
        show(f"{profile}: forgotten")


def list_profiles(as_json: AsJson = False) -> None:
    """List the profiles of this machine; of keys, the first and last letters."""
    with report_errors():
        profiles = profile_file(os.environ).read()
        rows = [{"profile": name, "url": each.url, "key": _hint(each.key)} for name, each in profiles.items()]
        show_rows(rows, as_json=as_json)


def _require_private(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        raise InvalidRequest("the URL must begin with https: a key is not sent where others can read it")


def _hint(key: str) -> str:
    return f"{key[:8]}{_HIDDEN}{key[-4:]}"


def _read_key() -> str:
    key = str(typer.prompt("API key", hide_input=True)) if sys.stdin.isatty() else sys.stdin.readline()
    if not key.strip():
        raise InvalidRequest("no key was given: type it, or send it as the input of this command")
    return key.strip()
