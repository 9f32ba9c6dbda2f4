"""Secrets at the end of a response that was cut."""

from __future__ import annotations

import pytest

from trunkline.egress.messages import Response
from trunkline.webhooks.attempt_sender import MAX_DELIVERY_RESPONSE_BYTES, PreparedAttempt
from trunkline.webhooks.redaction import redact

TOKEN = "hunter22-pässword"


@pytest.mark.parametrize("bytes_kept", range(1, len(TOKEN.encode()) + 1))
def test_a_secret_that_the_end_cuts_leaves_no_fragment(bytes_kept: int) -> None:
    filler = b"." * (MAX_DELIVERY_RESPONSE_BYTES - bytes_kept)
    body = (filler + TOKEN.encode())[:MAX_DELIVERY_RESPONSE_BYTES]
    text = PreparedAttempt(1, None, (TOKEN, "another")).text(Response(200, {}, body, 1))
    assert text in (filler.decode(), f"{filler.decode()}[redacted]")


def test_the_longest_secret_that_may_have_begun_is_cut_off() -> None:
    assert redact(b"ok abab", ["ababcd", "abcdef"], is_cut=True) == "ok "
    assert redact(b"ok ababab", ["ababab"], is_cut=True) == "ok [redacted]"


def test_a_whole_response_keeps_its_end() -> None:
    assert redact(b"hunt", ["hunter22"]) == "hunt"
