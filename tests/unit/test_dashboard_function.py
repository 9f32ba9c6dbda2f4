"""The `dashboard` function over a small site, and over the one that is built."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dashboard.scripts import sent_bytes, with_imports
from functions.dashboard.bootstrap import make_site
from functions.dashboard.responses import respond
from functions.dashboard.site import Site
from infrastructure.dashboard_site import dashboard_site

UPLOADS = "https://rows.s3.eu-central-1.amazonaws.com"
KEYS_ALONE = {
    "STAGE": "dev",
    "UPLOAD_ORIGIN": UPLOADS,
    "USER_POOL_DOMAIN": "none",
    "USER_POOL_CLIENT_ID": "none",
}
USER_POOL = KEYS_ALONE | {
    "STAGE": "prod",
    "USER_POOL_DOMAIN": "https://x.auth.example.com",
    "USER_POOL_CLIENT_ID": "c1",
}
PAGE = '<!doctype html><meta property="csp-nonce" nonce="__NONCE__" />'
SCRIPT = "assets/main-abc.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    listed = {
        "index.html": {"type": "text/html; charset=utf-8", "etag": "e-index", "encodings": []},
        SCRIPT: {"type": "text/javascript; charset=utf-8", "etag": "e-main", "encodings": ["br", "gz"]},
        "favicon.svg": {"type": "image/svg+xml", "etag": "e-icon", "encodings": []},
    }
    (tmp_path / "site.json").write_text(json.dumps(listed))
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / SCRIPT).write_text("plain")
    (tmp_path / f"{SCRIPT}.br").write_text("brotli")
    (tmp_path / f"{SCRIPT}.gz").write_text("gzip")
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Site:
    return make_site(folder, KEYS_ALONE)


def ask(site: Site, path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """The payload, with its body decoded and its headers in lower case."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    context = {"requestId": "r-1", "http": {"method": method}}
    event = {"rawPath": path, "headers": named, "requestContext": context}
    payload = respond(event, site).to_payload()
    lowered = {name.lower(): value for name, value in payload["headers"].items()}
    assert payload["isBase64Encoded"] is True
    return {"status": payload["statusCode"], "headers": lowered, "body": base64.b64decode(payload["body"])}


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("GZIP", "gzip", b"gzip"),
        ("br; q=0.000, identity", None, b"plain"),
        ("*", None, b"plain"),
        ("", None, b"plain"),
    ],
)
def test_a_file_comes_in_the_best_coding_that_the_client_accepts(
    site: Site, accepted: str, coding: str | None, body: bytes
) -> None:
    answer = ask(site, f"/{SCRIPT}", accept_encoding=accepted)
    assert (answer["status"], answer["body"]) == (200, body)
    assert answer["headers"].get("content-encoding") == coding
    assert answer["headers"]["vary"] == "Accept-Encoding"
    assert answer["headers"]["content-type"] == "text/javascript; charset=utf-8"


def test_a_file_with_a_hash_in_its_name_is_kept_for_a_year_and_others_are_asked_for_again(site: Site) -> None:
    assert ask(site, f"/{SCRIPT}")["headers"]["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(site, "/favicon.svg")["headers"]["cache-control"] == "no-cache"
    assert ask(site, "/")["headers"]["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/calls", "/calls/550e8400", "/index.html", "/apis", "/calls/"])
def test_each_path_of_the_app_is_the_page(site: Site, path: str) -> None:
    answer = ask(site, path)
    assert answer["status"] == 200
    assert answer["body"].startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "path", ["/assets/gone-1.js", "/gone.png", "/.env", "/a/../site.json", "/site.json", f"/{SCRIPT}.br"]
)
def test_what_looks_like_a_file_and_is_not_there_is_never_the_page(site: Site, path: str) -> None:
    answer = ask(site, path)
    assert answer["status"] == 404
    assert json.loads(answer["body"])["error"] == {
        "message": "Not found",
        "code": 404,
        "type": "not_found",
        "request_id": "r-1",
    }


@pytest.mark.parametrize("path", ["/api", "/api/v1/calls", "/agent/v1/context", "/livekit/webhook"])
def test_the_paths_of_other_apis_are_no_pages(site: Site, path: str) -> None:
    assert ask(site, path)["status"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(site: Site, method: str) -> None:
    answer = ask(site, "/", method)
    assert (answer["status"], answer["headers"]["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/gone.js"])
def test_head_is_get_without_a_body(site: Site, path: str) -> None:
    got, head = ask(site, path), ask(site, path, "HEAD")
    assert head["body"] == b""
    assert head["status"] == got["status"]
    assert head["headers"].keys() == got["headers"].keys()


def test_the_page_has_a_nonce_of_its_own_which_its_policy_names(site: Site) -> None:
    answers = [ask(site, "/"), ask(site, "/", accept_encoding="gzip")]
    bodies = [answers[0]["body"].decode(), gzip.decompress(answers[1]["body"]).decode()]
    nonces = [re.findall('nonce="(.{22})"', body) for body in bodies]
    assert nonces[0] != nonces[1]
    for nonce, answer in zip(nonces, answers, strict=True):
        assert f"style-src 'self' 'nonce-{nonce[0]}'" in answer["headers"]["content-security-policy"]


def test_a_known_page_is_not_sent_again_and_keeps_its_policy(site: Site) -> None:
    """A browser goes on with the headers that it has stored, so a 304 must have no other policy."""
    etag = ask(site, "/")["headers"]["etag"]
    answer = ask(site, "/calls", if_none_match=f'"other", {etag}')
    assert (answer["status"], answer["body"]) == (304, b"")
    assert "content-security-policy" not in answer["headers"]
    assert ask(site, "/", if_none_match='W/"other"')["status"] == 200


def test_the_policy_lets_nothing_inline_run_and_nobody_frame_the_page(site: Site) -> None:
    headers = ask(site, "/")["headers"]
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert policy["connect-src"] == f"'self' {UPLOADS}"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == headers["referrer-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/gone.js", "/config.json"])
def test_each_response_asks_for_tls_and_against_sniffing(site: Site, path: str) -> None:
    headers = ask(site, path)["headers"]
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_user_pool_is_named_and_reached_where_there_is_one(folder: Path, site: Site) -> None:
    assert json.loads(ask(site, "/config.json")["body"]) == {"stage": "dev", "cognito": None}
    with_pool = make_site(folder, USER_POOL)
    cognito = {"domain": "https://x.auth.example.com", "client_id": "c1"}
    assert json.loads(ask(with_pool, "/config.json")["body"]) == {"stage": "prod", "cognito": cognito}
    assert (
        f"connect-src 'self' {UPLOADS} https://x.auth.example.com;"
        in (ask(with_pool, "/")["headers"]["content-security-policy"])
    )


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_uploads_go_where_the_sdks_are_told_that_s3_is(folder: Path, name: str) -> None:
    site = make_site(folder, KEYS_ALONE | {name: "http://127.0.0.1:4566/"})
    assert "connect-src 'self' http://127.0.0.1:4566;" in ask(site, "/")["headers"]["content-security-policy"]


BUILT = make_site(dashboard_site(), KEYS_ALONE)


@given(st.text(max_size=60), st.sampled_from(["br", "gzip", ""]))
def test_any_path_has_an_answer(path: str, accepted: str) -> None:
    assert ask(BUILT, f"/{path}", accept_encoding=accepted)["status"] in (200, 404)


@pytest.mark.parametrize("path", sorted(BUILT.files))
def test_each_built_file_fits_into_a_response_of_lambda(path: str) -> None:
    """6 MB, in Base64: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    assert len(BUILT.content(path)) * 4 / 3 < 6_000_000
    for encoding in BUILT.files[path].encodings:
        assert len(BUILT.content(path, encoding)) < len(BUILT.content(path))


def test_the_built_page_has_no_inline_script_or_style() -> None:
    page = BUILT.content("index.html").decode()
    assert page.count("__NONCE__") >= 1
    assert all('src="/assets/' in tag for tag in re.findall(r"<script[^>]*>", page))
    assert re.findall(r"<style|style=|\son\w+=", page) == []


FIRST_LOAD_BYTES = 200 * 1024
"""What a page may take of compressed script, if it is the first that is opened."""

MANIFEST: dict[str, dict[str, Any]] = json.loads((BUILT.folder / ".vite" / "manifest.json").read_text())
"""Vite's list of scripts, with what each imports: https://vite.dev/guide/backend-integration"""
ROUTES = [name for name, each in MANIFEST.items() if name.startswith("src/routes/") and "imports" in each]


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_needs_few_bytes_of_script(route: str) -> None:
    frame = [name for name in ROUTES if name.startswith("src/routes/_app.tsx")]
    assert frame
    scripts = with_imports(MANIFEST, ["index.html", route, *([] if "sign-in" in route else frame)])
    assert sum(sent_bytes(BUILT.folder, MANIFEST[name]["file"]) for name in scripts) <= FIRST_LOAD_BYTES
