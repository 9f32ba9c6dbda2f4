"""Composition root of `dashboard`. It has no layer: a cold start imports the standard library alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .site import Site

_NONE = "none"


@cache
def site() -> Site:
    """Read the list of files, once per process."""
    return make_site(Path(__file__).with_name("site"), os.environ)


def make_site(folder: Path, environ: Mapping[str, str]) -> Site:
    """Build the site of a stage; without a user pool's domain people sign in by key alone."""
    domain = environ["USER_POOL_DOMAIN"]
    pool = None if domain == _NONE else {"domain": domain, "client_id": environ["USER_POOL_CLIENT_ID"]}
    return Site.read(folder, {"stage": environ["STAGE"], "cognito": pool}, [] if pool is None else [domain])
