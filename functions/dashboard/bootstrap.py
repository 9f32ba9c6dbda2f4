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
    uploads = _upload_origin(environ)
    pool = None if domain == _NONE else {"domain": domain, "client_id": environ["USER_POOL_CLIENT_ID"]}
    connects_to = [uploads] if pool is None else [uploads, domain]
    return Site.read(folder, {"stage": environ["STAGE"], "cognito": pool}, connects_to)


def _upload_origin(environ: Mapping[str, str]) -> str:
    """Return the origin of the links that batches' rows are uploaded to.

    It is the bucket's own host, unless the SDKs are told of another endpoint: that of `api`, which signs the
    links, reads the same variables. Source:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    return endpoint.rstrip("/") if endpoint else environ["UPLOAD_ORIGIN"]
