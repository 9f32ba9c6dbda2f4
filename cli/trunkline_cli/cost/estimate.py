"""Estimate of what a stage costs on AWS: quantities from the traffic, dollars from list prices. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import expm1

from trunkline_cli.cost import prices, usage
from trunkline_cli.cost.prices import Price

_MILLION = 1_000_000
_MINUTES_A_MONTH = 30 * 24 * 60
_CLAIM_FOR_S = 120
_MAX_UNANSWERED = 400
"""A lane run claims for two minutes, or until so many dials are unanswered (rule 13)."""


@dataclass(frozen=True)
class Traffic:
    """The calls of a month on one trunk.

    `cps` is the pace at which calls start while there are any. `answered` is the share of the calls that are
    answered, `webhook_events` how many deliveries a call has, and `endpoint_ms` how long an endpoint takes.
    """

    calls: float
    cps: float
    ring_s: float = 15
    talk_s: float = 90
    answered: float = 1
    webhook_events: float = 0
    endpoint_ms: float = 200

    def __post_init__(self) -> None:
        amounts = (self.calls, self.ring_s, self.talk_s, self.webhook_events, self.endpoint_ms)
        if self.cps <= 0 or min(amounts) < 0 or not 0 <= self.answered <= 1:
            raise ValueError("cps must be above 0, answered from 0 to 1, and nothing below 0")


@dataclass(frozen=True)
class LineItem:
    """A line of the bill: a service, what it is for, and the dollars of a quantity."""

    service: str
    what: str
    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        """Return the dollars of this line."""
        return self.price.of(self.quantity)


def bill(traffic: Traffic) -> list[LineItem]:
    """Return the lines of what the calls of a month cost, without what an idle stage costs."""
    lines = [
        *_requests(traffic),
        *_lane_runs(traffic),
        *_table(traffic),
        *_deliveries(traffic),
        *_rest(traffic),
    ]
    return [line for line in lines if line.quantity]


def idle_bill() -> list[LineItem]:
    """Return the lines of what a `prod` stage costs in a month without a call."""
    month = _MINUTES_A_MONTH
    lambda_s = month * usage.RECONCILER_S * usage.FUNCTION_GB
    polls = month * usage.QUEUES * usage.POLLS_A_MINUTE
    return [
        LineItem("Lambda", "reconciler, each minute", lambda_s, prices.GB_SECOND),
        LineItem("Lambda", "reconciler, invocations", month * usage.RECONCILER_TASKS, prices.INVOCATION),
        LineItem("DynamoDB", "reconciler, reads", month * usage.RECONCILER_READS, prices.READ_UNIT),
        LineItem("SQS", "polls of empty queues by Lambda", polls, prices.SQS_REQUEST),
        LineItem("KMS", "key", usage.KMS_KEYS, prices.KMS_KEY),
        LineItem("Secrets Manager", "secrets", usage.SECRETS, prices.SECRET),
        LineItem("CloudWatch", "alarms", usage.ALARM_METRICS, prices.ALARM),
        LineItem("CloudWatch", "metrics by service", usage.IDLE_METRICS, prices.METRIC),
        LineItem("CloudWatch", "dashboard", usage.DASHBOARDS, prices.DASHBOARD),
    ]


def total_usd(lines: list[LineItem]) -> float:
    """Return the sum of a bill."""
    return sum(line.usd for line in lines)


def run_seconds(traffic: Traffic) -> float:
    """Return the seconds that the dialer's functions run for these calls.

    Calls that ring at the same time share a run: with calls at random moments, some call rings for a share
    of 1 - exp(-cps * ring) of the time. A run claims for two minutes, or until 400 dials are unanswered, and
    then waits for its last dials beside its successor.
    """
    open_s = traffic.ring_s + usage.PREPARE_S
    busy_s = traffic.calls / traffic.cps * -expm1(-traffic.cps * open_s)
    claims_s = min(_CLAIM_FOR_S, _MAX_UNANSWERED / traffic.cps)
    successors = busy_s / claims_s if traffic.cps * open_s > 1 else 0.0
    return busy_s + successors * open_s


def started_seconds(traffic: Traffic) -> float:
    """Return the seconds in which some call starts, with calls at random moments at this pace."""
    return traffic.calls / traffic.cps * -expm1(-traffic.cps)


def _requests(traffic: Traffic) -> Iterator[LineItem]:
    calls = traffic.calls
    webhooks = calls * (usage.LIVEKIT_WEBHOOKS_UNANSWERED + traffic.answered * usage.LIVEKIT_WEBHOOKS_TALK)
    agent = calls * usage.AGENT_REQUESTS
    yield LineItem("API Gateway", "POST of a call", calls, prices.HTTP_REQUEST)
    yield LineItem("API Gateway", "LiveKit's webhooks", webhooks, prices.HTTP_REQUEST)
    yield LineItem("API Gateway", "agent's requests", agent, prices.HTTP_REQUEST)
    yield LineItem("Lambda", "invocations of the APIs", calls + webhooks + agent, prices.INVOCATION)
    gb_s = usage.FUNCTION_GB * (calls * usage.POST_S + (webhooks + agent) * usage.SMALL_REQUEST_S)
    yield LineItem("Lambda", "APIs, by duration", gb_s, prices.GB_SECOND)


def _lane_runs(traffic: Traffic) -> Iterator[LineItem]:
    run_s = run_seconds(traffic)
    runs = max(min(traffic.calls, run_s / _CLAIM_FOR_S), traffic.calls and 1)
    wakes = traffic.calls + run_s
    yield LineItem("Lambda", "dialer, by duration", run_s * usage.DIALER_GB, prices.GB_SECOND)
    yield LineItem("Lambda", "dialer, invocations", wakes + runs, prices.INVOCATION)
    short_s = wakes * usage.NEEDLESS_WAKE_S * usage.DIALER_GB
    yield LineItem("Lambda", "dialer, wakes of a held lane", short_s, prices.GB_SECOND)
    yield LineItem("SQS", "wakes and watchdogs", 3 * wakes, prices.SQS_REQUEST)
    yield LineItem("DynamoDB", "lane, writes", run_s * usage.LANE_WRITES_A_SECOND, prices.WRITE_UNIT)
    yield LineItem("DynamoDB", "lane, reads", run_s * usage.LANE_READS_A_SECOND, prices.READ_UNIT)


def _table(traffic: Traffic) -> Iterator[LineItem]:
    calls, answered = traffic.calls, traffic.calls * traffic.answered
    looks = answered * traffic.talk_s / 60
    yield LineItem("DynamoDB", "call, writes", calls * usage.CALL_WRITES, prices.WRITE_UNIT)
    yield LineItem("DynamoDB", "call, reads", calls * usage.CALL_READS, prices.READ_UNIT)
    counts = calls * usage.STATISTICS_WRITES + started_seconds(traffic) * usage.STARTED_SECOND_WRITES
    yield LineItem("DynamoDB", "counts for statistics, writes", counts, prices.WRITE_UNIT)
    events = calls * usage.BUS_EVENTS
    yield LineItem("DynamoDB", "events feed, writes", events * usage.FEED_WRITES, prices.WRITE_UNIT)
    yield LineItem("DynamoDB", "events feed, reads", events * usage.FEED_READS, prices.READ_UNIT)
    yield LineItem("DynamoDB", "reconciler's looks at calls", looks * usage.LOOK_READS, prices.READ_UNIT)
    yield LineItem(
        "Lambda", "reconciler's looks at calls", looks * usage.LOOK_S * usage.FUNCTION_GB, prices.GB_SECOND
    )
    yield LineItem("DynamoDB", "a month's storage", calls * usage.CALL_KB / _MILLION, prices.TABLE_GB)


def _deliveries(traffic: Traffic) -> Iterator[LineItem]:
    count = traffic.calls * traffic.webhook_events
    seconds = count * (usage.DELIVER_S + traffic.endpoint_ms / 1000) * usage.FUNCTION_GB
    yield LineItem("Step Functions", "deliveries", count * usage.DELIVERY_TRANSITIONS, prices.TRANSITION)
    yield LineItem("Lambda", "deliveries, by duration", seconds, prices.GB_SECOND)
    yield LineItem("Lambda", "deliveries, invocations", count, prices.INVOCATION)
    yield LineItem("DynamoDB", "deliveries, writes", count * usage.DELIVERY_WRITES, prices.WRITE_UNIT)
    yield LineItem("DynamoDB", "deliveries, reads", count * usage.DELIVERY_READS, prices.READ_UNIT)
    yield LineItem("KMS", "deliveries", count * usage.DELIVERY_KMS, prices.KMS_REQUEST)
    yield LineItem("CloudWatch", "deliveries, logs", count * usage.DELIVERY_LOG_KB / _MILLION, prices.LOG_GB)
    yield LineItem("X-Ray", "deliveries, sampled", count * usage.TRACED_SHARE, prices.TRACE)
    yield LineItem("Data transfer", "deliveries", count * usage.DELIVERY_KB / _MILLION, prices.OUT_GB)


def _rest(traffic: Traffic) -> Iterator[LineItem]:
    calls = traffic.calls
    events = calls * usage.BUS_EVENTS
    fanout_s = events * usage.FANOUT_S * usage.FUNCTION_GB
    yield LineItem("Lambda", "fan-out of the table's stream", fanout_s, prices.GB_SECOND)
    yield LineItem("Lambda", "fan-out, invocations", events, prices.INVOCATION)
    yield LineItem("EventBridge", "events on the bus", events, prices.BUS_EVENT)
    yield LineItem("KMS", "calls", calls * usage.CALL_KMS, prices.KMS_REQUEST)
    yield LineItem("CloudWatch", "logs", calls * usage.CALL_LOG_KB / _MILLION, prices.LOG_GB)
    yield LineItem("CloudWatch", "metrics of a trunk that dials", usage.TRUNK_METRICS, prices.METRIC)
