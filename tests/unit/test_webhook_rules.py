"""Webhooks without I/O: signatures byte for byte, retry timing, filters, health, ids, redaction."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import json
import time

import hypothesis
import pytest
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from infrastructure.settings import stage_settings
from tests.support.builders import make_call
from trunkline.calls.states import TERMINAL, State
from trunkline.egress.messages import Response, TransportError
from trunkline.egress.retry_after import retry_after_s
from trunkline.webhooks.circuit_breaker import (
    DISABLE_AFTER_S,
    ENDPOINT_BREAKER,
    EndpointCircuitBreaker,
)
from trunkline.webhooks.delivery_models import delivery_id, parse_delivery_id
from trunkline.webhooks.events import (
    FINAL,
    PATTERNS,
    TYPE_OF_CALL_EVENT,
    EventType,
    call_event_id,
    is_selected,
    matches,
    type_of_call_event,
)
from trunkline.webhooks.models import MAX_CONCURRENT_DELIVERIES, MAX_DELIVERIES, MAX_TENANT_DELIVERIES
from trunkline.webhooks.payload import call_data
from trunkline.webhooks.redaction import redact
from trunkline.webhooks.retry_policy import SCHEDULE_S, AttemptOutcome, RetryPolicy
from trunkline.webhooks.signing import generate_secret, signature_headers

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER = generate_secret(b"x" * 24)
BODY = '{"event":{"id":"evt_1","data":{"name":"Zoë"}}}'.encode()
AT_S = 1_705_680_000


def signed(*secrets: str, at_s: int = AT_S) -> dict[str, str]:
    return signature_headers(BODY, message_id="evt_1", at_s=at_s, secrets=secrets)


def test_both_schemes_byte_for_byte() -> None:
    assert generate_secret(bytes(range(24))) == SECRET == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    assert signed(SECRET) == {
        "X-Webhook-Signature": "t=1705680000,v1="
        + hmac.new(SECRET.encode(), b"1705680000." + BODY, hashlib.sha256).hexdigest(),
        "webhook-id": "evt_1",
        "webhook-timestamp": "1705680000",
        "webhook-signature": "v1,"
        + base64.b64encode(
            hmac.new(bytes(range(24)), b"evt_1.1705680000." + BODY, hashlib.sha256).digest()
        ).decode(),
    }


def test_known_vectors() -> None:
    """Made once with openssl, so that a change of ours and of the test's together would be seen."""
    headers = signature_headers(b'{"a":1}', message_id="evt_1", at_s=AT_S, secrets=[SECRET])
    assert headers["X-Webhook-Signature"].endswith(GUIDE_VECTOR)
    assert headers["webhook-signature"] == STANDARD_VECTOR


GUIDE_VECTOR = "049075c3519addfc12ab8a41cb0cb0d860e624a51d24df45b428d9c3a4555b1d"
STANDARD_VECTOR = "v1,4aUqgdcgggtnKTsSJWY9JnPCbs8D0ZTiuv2424su+MA="


def test_the_official_library_accepts_them_and_nothing_altered() -> None:
    headers = signed(SECRET, at_s=int(time.time()))
    assert Webhook(SECRET).verify(BODY, headers) == json.loads(BODY)
    for secret, body in ((OTHER, BODY), (SECRET, BODY + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)
    both = signed(OTHER, SECRET, at_s=int(time.time()))
    assert Webhook(SECRET).verify(BODY, both) == Webhook(OTHER).verify(BODY, both)
    assert both["X-Webhook-Signature"] == signed(OTHER, at_s=int(time.time()))["X-Webhook-Signature"]


def answer(status: int | None = None, fault: TransportError | None = None, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, b"", 5, fault)


def after(
    attempt: int, given_answer: Response, most: int = 10, jitter: float = 0.5
) -> tuple[AttemptOutcome, int | None]:
    decision = RetryPolicy(most).decide(attempt, given_answer, now_s=AT_S, jitter=jitter)
    return decision.outcome, decision.wait_s


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    assert after(1, answer(status)) == (AttemptOutcome.SUCCEEDED, None)


@pytest.mark.parametrize("status", [100, 300, 301, 302, 304, 400, 401, 404, 408, 429, 500, 503, 599])
def test_all_else_is_tried_again(status: int) -> None:
    assert after(1, answer(status)) == (AttemptOutcome.RETRY, 5)


@pytest.mark.parametrize("fault", list(TransportError))
def test_no_answer_is_tried_again(fault: TransportError) -> None:
    assert after(1, answer(fault=fault)) == (AttemptOutcome.RETRY, 5)


def test_gone_is_gone() -> None:
    assert after(1, answer(410)) == (AttemptOutcome.GONE, None)


def test_the_whole_schedule() -> None:
    waits = [after(attempt, answer(500))[1] for attempt in range(1, 10)]
    assert waits == list(SCHEDULE_S[1:])
    assert after(10, answer(500)) == (AttemptOutcome.FAILED, None)
    assert after(5, answer(500), most=5) == (AttemptOutcome.FAILED, None)


@hypothesis.given(st.integers(1, 9), st.floats(0, 1))
def test_jitter_stays_within_a_fifth(attempt: int, jitter: float) -> None:
    wait_s = after(attempt, answer(500), jitter=jitter)[1]
    assert wait_s is not None
    assert abs(wait_s - SCHEDULE_S[attempt]) <= SCHEDULE_S[attempt] * 0.2 + 0.5


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("0000000000000000005", 5),
        ("9" * 5000, 86_400),
        ("Fri, 28 Nov 2025 12:00:00 +99999999999999999999", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        (email.utils.formatdate(AT_S + 90, usegmt=True), 90),
        (email.utils.formatdate(AT_S - 90, usegmt=True), 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("soon", 0),
        ("-5", 0),
        ("٣", 0),
        ("", 0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date_within_a_day(text: str, wait_s: float) -> None:
    assert retry_after_s({"Retry-After": text}, AT_S) == wait_s


def test_retry_after_is_obeyed_for_429_and_503_and_never_hastens() -> None:
    assert after(1, answer(429, Retry_After="60"))[1] == 60
    assert after(1, answer(503, retry_after="60"))[1] == 60
    assert after(1, answer(500, Retry_After="60"))[1] == 5
    assert after(2, answer(429, Retry_After="1"))[1] == 300


_DATES = st.from_regex(
    r"(Mon|Fri), [0-9]{1,3} (Jan|Feb|Xyz) [0-9]{1,6} [0-9:]{1,12} [-+][0-9]{1,25}", fullmatch=True
)
_HEADER_BYTES = st.binary(max_size=80).map(lambda text: text.decode("latin-1"))


@hypothesis.given(st.one_of(_HEADER_BYTES, _DATES, st.text(max_size=40)))
def test_any_retry_after_is_a_bounded_wait(text: str) -> None:
    assert 0 <= retry_after_s({"Retry-After": text}, AT_S) <= 86_400
    decision = RetryPolicy(5).decide(1, Response(503, {"retry-after": text}, b"", 1), now_s=AT_S, jitter=0.5)
    assert 1 <= (decision.wait_s or 0) <= 86_400


def test_filters() -> None:
    assert is_selected([], EventType.TRUNK_PAUSED)
    assert is_selected(["*"], EventType.CALL_STARTED)
    assert is_selected(["call.*"], EventType.CALL_AGENT_CHANGED)
    assert is_selected(["call.agent.*"], EventType.CALL_AGENT_CHANGED)
    assert not is_selected(["call.agent.*"], EventType.CALL_STARTED)
    assert not is_selected(["call.completed", "call.failed"], EventType.CALL_STARTED)
    assert is_selected(["call.failed"], EventType.WEBHOOK_PING)


def test_a_list_of_events_is_filtered_by_type_without_exception() -> None:
    assert matches([], EventType.WEBHOOK_PING)
    assert matches(["call.failed", "webhook.*"], EventType.WEBHOOK_PING)
    assert not matches(["call.failed"], EventType.WEBHOOK_PING)


@pytest.mark.parametrize(
    ("entry", "sequence", "event_type"),
    [
        ("queued", 1, EventType.CALL_STARTED),
        ("pending", 1, EventType.CALL_STARTED),
        ("queued", 4, None),
        ("connecting", 2, None),
        ("active", 3, EventType.CALL_CONNECTED),
        ("completed", 4, EventType.CALL_COMPLETED),
        ("failed", 2, EventType.CALL_FAILED),
        ("timeout", 2, EventType.CALL_FAILED),
        ("cancelled", 2, EventType.CALL_FAILED),
        ("disconnected", 4, EventType.CALL_DISCONNECTED),
        ("agent_changed", 4, EventType.CALL_AGENT_CHANGED),
    ],
)
def test_which_step_is_which_event(entry: str, sequence: int, event_type: EventType | None) -> None:
    assert type_of_call_event(entry, sequence) is event_type


@pytest.mark.parametrize("entry", ["queued", "initiated", "", "no such state"])
def test_the_start_of_a_call_has_a_status_whatever_its_first_step_is_called(entry: str) -> None:
    assert call_data(make_call(), EventType.CALL_STARTED, {"entry": entry})["status"] == "queued"


@pytest.mark.parametrize("event_type", [each for each in EventType if each.startswith("call.")])
def test_each_event_of_a_call_has_a_status_and_a_step_that_reports_it(event_type: EventType) -> None:
    call = make_call(state=State.COMPLETED)
    assert call_data(call, event_type, {"entry": "queued"})["status"] in {"queued", "active", "completed"}
    assert event_type in {EventType.CALL_STARTED, *TYPE_OF_CALL_EVENT.values()}


def test_each_event_is_of_a_call_a_trunk_or_a_webhook() -> None:
    groups = {event_type.partition(".")[0] for event_type in EventType}
    assert groups == {"call", "trunk", "webhook"}
    assert {f"{group}.*" for group in groups} <= PATTERNS


def test_each_type_that_ends_a_call_is_reported_by_a_final_state() -> None:
    final = {TYPE_OF_CALL_EVENT[state] for state in TERMINAL}
    assert final == FINAL


def test_the_limits_are_those_of_production() -> None:
    assert stage_settings("prod").webhook_disable_after_s == DISABLE_AFTER_S
    assert stage_settings("prod").webhook_slots == MAX_CONCURRENT_DELIVERIES
    assert stage_settings("prod").webhook_tenant_slots == MAX_TENANT_DELIVERIES
    assert stage_settings("prod").webhook_deliveries_at_once == MAX_DELIVERIES


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_one_tenant_leaves_deliveries_at_once_to_the_others(stage: str) -> None:
    settings = stage_settings(stage)
    assert settings.webhook_slots <= settings.webhook_tenant_slots < settings.webhook_deliveries_at_once


def test_ids_follow_from_what_they_name() -> None:
    event = call_event_id("3b883af9-fdfb-487d-85cf-f231d06a2b7f", 2)
    assert event == "evt_3b883af9fdfb487d85cff231d06a2b7f000002"
    endpoint = "wh_" + "0123456789" * 2
    made = delivery_id(endpoint, event, 1_705_680_000_123)
    assert made == delivery_id(endpoint, event, 1_705_680_000_123)
    assert made != delivery_id(endpoint, event, 1_705_680_000_123, "again")
    assert len(made) <= 80 - len("_r999999"), "it names an execution"
    place = parse_delivery_id(made)
    assert place is not None
    assert (place.endpoint_id, place.at_ms) == (endpoint, 1_705_680_000_123)
    assert parse_delivery_id("dlv_x") is None


def test_a_circuit_opens_for_longer_each_time_and_what_never_works_should_disable() -> None:
    health, now_ms, opened = EndpointCircuitBreaker(), 1_000_000, []
    for _ in range(ENDPOINT_BREAKER.opens_after - 1):
        health = health.failed(now_ms)
    assert not health.open_for_ms(now_ms)
    for _ in range(9):
        health = health.failed(now_ms)
        opened.append(health.open_for_ms(now_ms) // 1000)
        assert health.failed(now_ms).open_until_ms == health.open_until_ms, "late failures lengthen nothing"
        now_ms += health.open_for_ms(now_ms)
    assert opened == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert max(opened) == ENDPOINT_BREAKER.max_open_ms // 1000
    assert health.half_open
    assert not health.should_disable(now_ms, DISABLE_AFTER_S)
    assert health.should_disable(1_000_000 + DISABLE_AFTER_S * 1000, DISABLE_AFTER_S)


def test_a_failure_now_and_then_is_no_failing_for_days() -> None:
    health, now_ms = EndpointCircuitBreaker(), 1_000_000
    for _ in range(2 * ENDPOINT_BREAKER.opens_after):
        health = health.failed(now_ms)
        assert not health.should_disable(now_ms, DISABLE_AFTER_S)
        now_ms += 3 * 86_400_000
    assert health.failures == 1


def test_answers_are_kept_without_secrets() -> None:
    body = f"token {SECRET} key as_live_abc123 Authorization: Bearer ey.x-y mine: hunter22\x00\n".encode()
    text = redact(body, [SECRET, "hunter22"])
    for secret in (SECRET, "as_live_abc123", "ey.x-y", "hunter22", "\x00"):
        assert secret not in text
    assert redact(b"hunt\x00er22 hunt\xc2\xader22", ["hunter22"]) == "[redacted] [redacted]"
    assert redact(b"\xff\xfe", []) == "\ufffd\ufffd"
