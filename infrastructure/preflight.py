"""What a stage needs of an AWS account, compared with what the account has. Pure.

Codes of quotas, where they are not given here, are those that Service Quotas itself returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infrastructure.settings import StageSettings

STAYS_UNRESERVED = 100
"""Lambda refuses a reservation that leaves less to functions without one.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""

DEFAULT_CONCURRENCY = 1_000
CONCURRENCY_CODE = "L-B99A9384"
EVENTS_A_CALL = 3
STATES_A_DELIVERY = 4
WRITE_UNITS_A_CALL = 100
"""About twice what `benchmarks/RESULTS.md` counts for a call and its webhooks: there are redials, too."""

_CONSOLE = "https://console.aws.amazon.com/servicequotas/home/services"


class Level(StrEnum):
    """What a finding means for a deployment."""

    OK = "ok"
    ASK = "ask"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Quota:
    """A quota's value in this account and region, under the name and the code that Service Quotas has."""

    name: str
    code: str
    value: float


@dataclass(frozen=True)
class Account:
    """What was read of an account and region.

    `concurrency` and `unreserved` are Lambda's limit and what of it is reserved by nobody; `own_reserved` is
    what this stage's functions have already, reserved or kept started. `code_bytes` of `code_limit_bytes` are
    stored. `quotas` has the quotas of each service, by its code in Service Quotas; a service that could not
    be read is missing.
    """

    concurrency: int
    unreserved: int
    own_reserved: int = 0
    code_bytes: int = 0
    code_limit_bytes: int = 75 * 2**30
    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One line of the report; `ask_for` is the value to request, `link` where to do it."""

    level: Level
    text: str
    ask_for: int | None = None
    link: str = ""


@dataclass(frozen=True)
class _Need:
    """At least `least` of a quota, found by a part of its name."""

    service: str
    name: str
    least: int
    why: str
    level: Level = Level.ASK


def kept_concurrency(settings: StageSettings) -> dict[str, int]:
    """Return what each function takes out of the account's concurrency, by its package.

    It is what the function reserves. Environments that are kept started take as much where nothing is
    reserved: Lambda refuses them, too, if they leave less than `STAYS_UNRESERVED`. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    """
    return settings.options.provisioned() | settings.reserved_concurrency()


def preflight(settings: StageSettings, account: Account) -> list[Finding]:
    """Compare what a stage needs with what the account has."""
    found = [_concurrency(settings, account), _code_storage(account)]
    found += [_compared(need, account) for need in _needs(settings)]
    return found


def fits(findings: list[Finding]) -> bool:
    """Tell whether the stage can be deployed."""
    return not any(finding.level is Level.BLOCKED for finding in findings)


def _concurrency(settings: StageSettings, account: Account) -> Finding:
    reserved = sum(kept_concurrency(settings).values())
    left = account.unreserved + account.own_reserved - reserved
    link = quota_link("lambda", CONCURRENCY_CODE)
    if reserved and left < STAYS_UNRESERVED:
        wanted = max(DEFAULT_CONCURRENCY, account.concurrency + STAYS_UNRESERVED - left)
        text = (
            f"Lambda: {settings.name} reserves {reserved} concurrent executions, and {STAYS_UNRESERVED} must "
            f"stay unreserved. The account has {account.concurrency}, of which others reserve "
            f"{account.concurrency - account.unreserved - account.own_reserved}."
        )
        return Finding(Level.BLOCKED, text, wanted, link)
    if account.concurrency < DEFAULT_CONCURRENCY:
        runs = sum(settings.source_concurrency().values())
        text = (
            f"Lambda: {account.concurrency} concurrent executions are enough to try {settings.name}. "
            f"Its queues alone may ask for {runs}: under load requests fail and calls wait."
        )
        return Finding(Level.ASK, text, DEFAULT_CONCURRENCY, link)
    text = f"Lambda: {account.concurrency} concurrent executions; the stage reserves {reserved}."
    return Finding(Level.OK, text)


def _code_storage(account: Account) -> Finding:
    share = account.code_bytes / account.code_limit_bytes
    text = f"Lambda: {share:.0%} of the storage for code is used."
    if share < 0.9:  # noqa: PLR2004 - a tenth is many deployments
        return Finding(Level.OK, text)
    return Finding(Level.ASK, text, 2 * account.code_limit_bytes // 2**30, f"{_CONSOLE}/lambda/quotas")


def _needs(settings: StageSettings) -> Iterator[_Need]:
    starts = settings.calls_per_s * EVENTS_A_CALL
    transitions = starts * STATES_A_DELIVERY
    load = f"at {settings.calls_per_s} calls a second"
    yield _Need("states", "StartExecution throttle token refill rate", starts, f"webhooks {load}")
    yield _Need("states", "StateTransition throttle token refill rate", transitions, f"webhooks {load}")
    writes = settings.calls_per_s * WRITE_UNITS_A_CALL
    yield _Need("dynamodb", "Table-level write throughput limit", writes, f"calls {load}")
    yield _Need("dynamodb", "Maximum number of tables", 1, "the table", Level.BLOCKED)
    yield _Need("scheduler", "Number of schedule groups", 1, "tenants' schedules", Level.BLOCKED)
    ticks = settings.schedule_ticks_at_once
    yield _Need("scheduler", "Invocations throttle limit", ticks, "ticks of schedules")
    in_flight = max(settings.source_concurrency().values())
    yield _Need("sqs", "flight", in_flight, "messages in progress")
    rate, burst = settings.requests_per_s, settings.requests_burst
    why = "a route's throttle can't be above the account's"
    yield _Need("apigateway", "Throttle rate", rate, why, Level.BLOCKED)
    yield _Need("apigateway", "Throttle burst rate", burst, why, Level.BLOCKED)


def _compared(need: _Need, account: Account) -> Finding:
    quotas = account.quotas.get(need.service, ())
    found = next((quota for quota in quotas if need.name.lower() in quota.name.lower()), None)
    if found is None:
        text = (
            f"{need.service}: Service Quotas does not show '{need.name}'. "
            f"Needed: {need.least}, for {need.why}."
        )
        return Finding(Level.UNKNOWN, text, link=f"{_CONSOLE}/{need.service}/quotas")
    text = f"{need.service}: {found.name} is {found.value:g}, needed {need.least}, for {need.why}."
    if found.value >= need.least:
        return Finding(Level.OK, text)
    return Finding(need.level, text, need.least, quota_link(need.service, found.code))


def quota_link(service: str, code: str) -> str:
    """Return the page of Service Quotas on which an increase is requested."""
    return f"{_CONSOLE}/{service}/quotas/{code}"
