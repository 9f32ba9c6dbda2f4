"""Recovery of a webhook's long log: each request reads a bounded part of it, and the next one goes on."""

from __future__ import annotations

import pytest

from tests.store.fixtures_webhooks import MINE, WebhookHarness
from tests.support.clocks import NOW_MS
from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import validated
from trunkline.webhooks import delivery_service
from trunkline.webhooks.delivery_models import Delivery, DeliveryState, delivery_id
from trunkline.webhooks.events import EventType
from trunkline.webhooks.responses import Recovered
from trunkline.webhooks.schemas import Recovery

SINCE = "2023-11-14T00:00:00Z"
MAX_REQUESTS = 30


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("_PAGE", 10), ("_MAX_SCANNED", 50), ("_MAX_RECOVERED", 20)):
        monkeypatch.setattr(delivery_service, name, size)


def _store(webhooks: WebhookHarness, webhook: str, at_ms: int, state: DeliveryState) -> str:
    name = delivery_id(webhook, f"evt_{at_ms}", at_ms)
    event_type = EventType.CALL_STARTED
    delivery = Delivery(
        name, webhook, MINE.tenant_id, True, f"evt_{at_ms}", event_type, at_ms, "{}", at_ms, 5, state=state
    )
    assert webhooks.deliveries.create(delivery)
    return name


def _log(webhooks: WebhookHarness, webhook: str, count: int, failed: set[int]) -> list[str]:
    """Store a log of deliveries, oldest first; those with the numbers in `failed` have failed."""
    states = [
        DeliveryState.FAILED if number in failed else DeliveryState.SUCCEEDED for number in range(count)
    ]
    ids = [_store(webhooks, webhook, NOW_MS + number, state) for number, state in enumerate(states)]
    webhooks.clock.move_s(60)
    return ids


def _fail_one_now(webhooks: WebhookHarness, webhook: str) -> str:
    return _store(webhooks, webhook, webhooks.clock.wall_ms(), DeliveryState.FAILED)


def _recover(webhooks: WebhookHarness, webhook: str, cursor: str | None = None) -> Recovered:
    recovery = validated(Recovery, {"since": SINCE} | ({"cursor": cursor} if cursor else {}))
    return webhooks.deliveries_service.recover(MINE, webhook, recovery)


def _redelivered(webhooks: WebhookHarness, ids: list[str]) -> list[str]:
    return [each for each in ids if webhooks.delivery(each).redelivered_as]


@pytest.mark.parametrize("with_cursor", [True, False])
def test_a_repeated_request_gets_through_a_log_of_any_length(
    webhooks: WebhookHarness, with_cursor: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = webhooks.webhook()
    failed = {0, 1, 70, 71, *range(100, 160), 299}
    ids = _log(webhooks, webhook, 300, failed)
    read, newest_first = [0], webhooks.deliveries.newest_first

    def counted(*args: object, **options: int) -> object:
        for page in newest_first(*args, **options):  # type: ignore[arg-type]
            read[-1] += len(page)
            yield page

    monkeypatch.setattr(webhooks.deliveries, "newest_first", counted)
    answers = [_recover(webhooks, webhook)]
    while answers[-1]["more"] and len(answers) < MAX_REQUESTS:
        read.append(0)
        answers.append(_recover(webhooks, webhook, answers[-1]["next_cursor"] if with_cursor else None))
    assert _redelivered(webhooks, ids) == [ids[number] for number in sorted(failed)]
    assert sum(answer["recovered"] for answer in answers) == len(failed)
    assert max(answer["recovered"] for answer in answers) <= 20
    assert max(read) <= 50
    assert answers[-1] == {"recovered": answers[-1]["recovered"], "more": False, "next_cursor": None}


def test_after_the_end_and_after_a_while_a_request_begins_at_the_newest(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    _log(webhooks, webhook, 60, set())
    assert _recover(webhooks, webhook)["more"]
    assert not _recover(webhooks, webhook)["more"]
    _fail_one_now(webhooks, webhook)
    assert _recover(webhooks, webhook)["recovered"] == 1, "the end was reached before"
    webhooks.clock.move_s(1)
    _fail_one_now(webhooks, webhook)
    assert _recover(webhooks, webhook) == {"recovered": 0, "more": False, "next_cursor": None}
    answer = _recover(webhooks, webhook)
    assert (answer["recovered"], answer["more"]) == (1, True), "it begins anew"
    webhooks.clock.move_s(1)
    _fail_one_now(webhooks, webhook)
    webhooks.clock.move_s(15 * 60)
    assert _recover(webhooks, webhook)["recovered"] == 1, "the position is old"


def test_a_request_that_died_is_continued(webhooks: WebhookHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = webhooks.webhook()
    ids = _log(webhooks, webhook, 60, {5, 35, 36})
    redeliver = webhooks.deliveries_service.__class__._redeliver

    def die_at_the_oldest(service: object, delivery: Delivery, endpoint: object) -> Delivery:
        if delivery.id == ids[35]:
            raise ConnectionError
        return redeliver(service, delivery, endpoint)  # type: ignore[arg-type]

    monkeypatch.setattr(webhooks.deliveries_service.__class__, "_redeliver", die_at_the_oldest)
    with pytest.raises(ConnectionError):
        _recover(webhooks, webhook)
    monkeypatch.undo()
    assert _recover(webhooks, webhook)["recovered"] == 2
    assert len(_redelivered(webhooks, ids)) == 3


def test_a_position_before_since_is_of_no_use(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    _log(webhooks, webhook, 60, {5})
    assert _recover(webhooks, webhook)["more"]
    _fail_one_now(webhooks, webhook)
    recovery = validated(Recovery, {"since": iso_from_ms(NOW_MS + 30)})
    answer = webhooks.deliveries_service.recover(MINE, webhook, recovery)
    assert (answer["recovered"], answer["more"]) == (1, False)


def test_a_forged_cursor_is_refused(webhooks: WebhookHarness) -> None:
    with pytest.raises(InvalidRequest, match="cursor must be the next_cursor"):
        _recover(webhooks, webhooks.webhook(), "SEVBTFRI")
