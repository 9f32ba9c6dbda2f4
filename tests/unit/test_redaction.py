"""Nothing that looks like a secret, and no number in full, comes out of a log line."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.auth.api_key import new_api_key
from trunkline.core import logging as core_logging
from trunkline.core.redaction import redact_for_logs, route_template


@given(st.booleans(), st.text(max_size=40), st.text(max_size=40))
def test_no_key_comes_out_whatever_stands_around_it(livemode: bool, before: str, after: str) -> None:
    key = new_api_key(livemode=livemode)
    assert key not in redact_for_logs(f"{before}{key} {after}")


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "Bearer abc.def-ghi",
        "session=Zk9-abc_DEF",
    ],
)
def test_tokens_of_all_kinds_are_hidden(secret: str) -> None:
    assert redact_for_logs(f"x {secret} y").count("[redacted]") == 1
    assert secret.rsplit("=", maxsplit=1)[-1].rsplit(" ", maxsplit=1)[-1] not in redact_for_logs(
        f"x {secret} y"
    )


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_of_a_number_the_last_digits_are_left(number: str) -> None:
    assert redact_for_logs(f"to {number}.") == f"to +…{number[-4:]}."


def test_times_and_ids_stay_as_they_are() -> None:
    line = "2026-11-25T10:00:00.000+00:00 call-540fd075-1f39-48c0-80f9-6e279d614bfe AD_P7HgYQJiypJk 17956028"
    assert redact_for_logs(line) == line


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v1/calls/outbound", "/api/v1/calls/outbound"),
        ("/api/v1/calls/540fd075-1f39-48c0-80f9-6e279d614bfe/events",) * 2,
        ("/api/v1/calls/+15550107777", "/api/v1/calls/*"),
        ("/api/v1/as_live_abcdefgh", "/api/v1/*"),
        ("/api/v1/webhooks/wh_0123456789abcdef0123", "/api/v1/webhooks/wh_0123456789abcdef0123"),
        ("/api/v1/agents/Jane Doe", "/api/v1/agents/*"),
    ],
)
def test_a_path_is_logged_as_far_as_it_is_ours(path: str, shape: str) -> None:
    assert route_template(path) == shape


def test_the_logger_lets_none_of_it_through() -> None:
    log = core_logging.logger("redaction-test")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.handlers[0].formatter)
    log._logger.handlers = [handler]
    key = new_api_key(livemode=True)
    try:
        int(f"of {key} to +15550107777")
    except ValueError:
        log.exception("failed", number="+15550107777", header=f"Bearer {key}")
    line = stream.getvalue()
    assert json.loads(line)["number"] == "+…7777"
    for canary in (key, "+15550107777"):
        assert canary not in line


def test_what_libraries_log_is_cut_and_redacted_too() -> None:
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    root.addHandler(handler)
    key = new_api_key(livemode=True)
    try:
        core_logging.logger("redaction-of-libraries")
        try:
            int(f"Bearer {key}")
        except ValueError:
            logging.getLogger("some.library").exception("refused %s %s", key, "eyJ" * 150_000)
    finally:
        root.removeHandler(handler)
    written = stream.getvalue()
    assert "refused" in written
    assert key not in written
    assert len(written) < 3 * core_logging.MAX_TEXT


def test_a_long_text_in_a_log_record_is_cut_before_it_is_searched() -> None:
    log = core_logging.logger("redaction-of-long-texts")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.handlers[0].formatter)
    log._logger.handlers = [handler]
    log.error("x" * 1_000_000, body={"nested": ["y" * 1_000_000]})
    written = json.loads(stream.getvalue())
    assert len(written["message"]) == core_logging.MAX_TEXT
    assert len(written["body"]["nested"][0]) == core_logging.MAX_TEXT
