"""What differs between stages, in one frozen, typed object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from infrastructure import deploy_options, setting_ranges
from infrastructure.deploy_options import DeployOptions

Platform = Literal["host", "aarch64-manylinux_2_28"]

_STREAM = re.compile(r"(arn:[\w-]+:dynamodb:[\w-]*:\d*:table/([\w.-]+))/stream/[\w:.-]+")


@dataclass(frozen=True)
class StageSettings:
    """Settings of one stage. Those in `CHANGEABLE` can be set in the stage's file, `stages/NAME.json`, or by
    CDK context: `-c dialer_lanes=80`.

    `reserves_concurrency` tells whether functions reserve theirs. A new account allows 10 concurrent
    executions and reserves none of them, so `dev` reserves nothing: the maximum concurrency of each event
    source limits how much runs at once (`docs/quotas.md`).

    The numbers of concurrent executions are the reserved ones, if the stage reserves any and the number is
    not 0, and the maximum concurrency of the event source, if there is one:
    `dialer_lanes` is how many trunks can be dialled at once
    (see `docs/adr/0002-reserved-concurrency-is-not-cps.md`).
    `test_dialer_lanes` is how many tenants' test calls are simulated at once: none of them takes a lane of
    `dialer_lanes`. `batch_parts_at_once` is how many parts of batches, of 500 rows each,
    are imported at once: what the table is asked for beside the API's calls.
    `api_at_once`, `agent_api_at_once`, `livekit_webhook_at_once` and `dashboard_at_once` are requests in
    progress, each with concurrency of its own, so that tenants keep neither agents nor LiveKit out.
    `event_fanout_at_once` is for the stream, whose shards have `fanout_parallelization` batches in progress.
    `call_checks_at_once`, `bus_events_at_once` and `schedule_ticks_at_once` are messages in progress.
    `repair_tasks_at_once` is for the tasks of the reconciler's pass, about 50 trunks or 500 calls each.
    `webhook_deliveries_at_once` is for deliveries, `webhook_slots` what one endpoint may have of it, and
    `webhook_tenant_slots` all endpoints of a tenant, while few others have any (`docs/adr/0034-*.md`).

    `long_polls` is how many requests wait for a call to change (`?wait=`) at once, a share of `api_at_once`.
    `requests_per_s` and `requests_burst` throttle each route of the HTTP API: tenants', agents', LiveKit's,
    the dashboard's.

    `shifts_traffic` has a new version of the API take a tenth of the requests for five minutes before it
    takes all of them; alarms take it back (`docs/upgrade.md`).

    `calls_per_s` is what the quotas of the account are compared with before a deployment.
    `keep_data` tells whether data outlives the stack. `protects_table` is DynamoDB's deletion protection. A
    first deployment goes without it: CloudFormation cannot roll back the creation of a protected table.
    `outgoing_loopback_ports` lets plain http to 127.0.0.1 through on some ports (`none` on AWS).
    `user_pool_issuer` is a Cognito user pool's address (`https://cognito-idp.REGION.amazonaws.com/POOL`) and
    `user_pool_client_id` its app client, where people log in to the web UI; `none`: they have keys alone.
    `user_pool_domain` is the address of its sign-in pages (`https://NAME.auth.REGION.amazoncognito.com`), for
    the dashboard; `none`: the dashboard takes keys alone.

    `adopted_stream_arn` is the stream of a restored table that the stage uses in place of its own
    (`docs/restore.md`); `none`: its own.

    `trunk_metrics` counts metrics by trunk, too: each trunk that dials then costs 3 $ a month
    (`docs/metrics.md`). `alarm_email` and `alarm_https_url` are where alarms are sent to; `none`: to nobody
    but the topic's other subscribers. `log_retention_days` is one of CloudWatch's choices.
    `options` are those of `docs/deploy-options.md`.
    """

    name: str
    platform: Platform
    keep_data: bool
    log_retention_days: int
    reserves_concurrency: bool
    dialer_lanes: int
    test_dialer_lanes: int
    batch_parts_at_once: int
    webhook_deliveries_at_once: int
    webhook_slots: int
    webhook_tenant_slots: int
    long_polls: int
    calls_per_s: int
    requests_per_s: int
    requests_burst: int
    api_at_once: int = 0
    agent_api_at_once: int = 0
    livekit_webhook_at_once: int = 0
    dashboard_at_once: int = 0
    event_fanout_at_once: int = 0
    fanout_parallelization: int = 10
    call_checks_at_once: int = 10
    repair_tasks_at_once: int = 2
    bus_events_at_once: int = 5
    schedule_ticks_at_once: int = 5
    api_memory_mib: int = 512
    dialer_memory_mib: int = 1024
    webhook_disable_after_s: int = 5 * 86_400
    shifts_traffic: bool = False
    protects_table: bool = False
    user_pool_issuer: str = "none"
    user_pool_client_id: str = "none"
    user_pool_domain: str = "none"
    outgoing_loopback_ports: str = "none"
    adopted_stream_arn: str = "none"
    trunk_metrics: bool = True
    alarm_email: str = "none"
    alarm_https_url: str = "none"
    options: DeployOptions = field(default_factory=DeployOptions)

    def reserved_concurrency(self) -> dict[str, int]:
        """Return the reserved concurrency of each function that has one, by its package.

        The reconciler's passes never overlap. Where nothing is reserved they may, and every write of a repair
        is conditional on what it read.
        """
        sizes = {
            "dialer": self.dialer_lanes,
            "test_dialer": self.test_dialer_lanes,
            "batches": self.batch_parts_at_once,
            "webhook_deliver": self.webhook_deliveries_at_once,
            "api": self.api_at_once,
            "agent_api": self.agent_api_at_once,
            "livekit_webhook": self.livekit_webhook_at_once,
            "dashboard": self.dashboard_at_once,
            "event_fanout": self.event_fanout_at_once,
            "reconciler": 1,
            "call_reconciler": self.repair_tasks_at_once,
        }
        return {package: size for package, size in sizes.items() if size and self.reserves_concurrency}

    def source_concurrency(self) -> dict[str, int]:
        """Return the maximum concurrency of each queue's event source, by the setting's name."""
        names = (
            "dialer_lanes",
            "test_dialer_lanes",
            "call_checks_at_once",
            "repair_tasks_at_once",
            "bus_events_at_once",
            "schedule_ticks_at_once",
        )
        return {name: getattr(self, name) for name in names}


_STAGES = {
    "local": StageSettings(
        name="local",
        platform="host",
        keep_data=False,
        log_retention_days=1,
        reserves_concurrency=True,
        dialer_lanes=3,
        test_dialer_lanes=2,
        batch_parts_at_once=1,
        webhook_deliveries_at_once=4,
        webhook_slots=2,
        webhook_tenant_slots=3,
        long_polls=20,
        calls_per_s=20,
        requests_per_s=10_000,
        requests_burst=5_000,
        outgoing_loopback_ports="9100-9999",
    ),
    "dev": StageSettings(
        name="dev",
        platform="aarch64-manylinux_2_28",
        keep_data=False,
        log_retention_days=14,
        reserves_concurrency=False,
        dialer_lanes=2,
        test_dialer_lanes=2,
        batch_parts_at_once=2,
        webhook_deliveries_at_once=4,
        webhook_slots=2,
        webhook_tenant_slots=3,
        long_polls=2,
        calls_per_s=1,
        requests_per_s=100,
        requests_burst=50,
        fanout_parallelization=1,
        call_checks_at_once=2,
        bus_events_at_once=2,
        schedule_ticks_at_once=2,
    ),
    "prod": StageSettings(
        name="prod",
        platform="aarch64-manylinux_2_28",
        keep_data=True,
        protects_table=True,
        shifts_traffic=True,
        log_retention_days=90,
        reserves_concurrency=True,
        dialer_lanes=50,
        test_dialer_lanes=10,
        batch_parts_at_once=8,
        webhook_deliveries_at_once=200,
        webhook_slots=10,
        webhook_tenant_slots=50,
        long_polls=150,
        calls_per_s=20,
        requests_per_s=2_000,
        requests_burst=1_000,
        api_at_once=300,
        agent_api_at_once=100,
        livekit_webhook_at_once=50,
        dashboard_at_once=20,
        event_fanout_at_once=20,
        repair_tasks_at_once=20,
        api_memory_mib=1024,
        dialer_memory_mib=1769,  # one full vCPU: a lane's starts must not wait for a share of one
    ),
}


CHANGEABLE = tuple(
    each.name for each in fields(StageSettings) if each.name not in ("name", "platform", "options")
)
"""The settings that a stage's file and the CDK context may set, besides those of `DeployOptions`."""

LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def stage_settings(name: str, context: Mapping[str, Any] | None = None) -> StageSettings:
    """Return a stage's settings; those in the CDK context take the place of its own.

    Raises:
        ValueError: names the stages there are, or the setting that is not possible.
    """
    if name not in _STAGES:
        raise ValueError(f"unknown stage {name!r}: choose one of {', '.join(_STAGES)}")
    stage = _STAGES[name]
    given = context or {}
    changed = _parsed_fields(StageSettings, {key: given[key] for key in CHANGEABLE if key in given})
    options = replace(stage.options, **_parsed_fields(DeployOptions, given))
    settings = replace(stage, **changed, options=options)
    for problem in _problems(settings):
        raise ValueError(problem)
    return settings


def _parsed_fields(kind: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each.name: _parsed(each.name, str(each.type), given[each.name])
        for each in fields(kind)
        if each.name in given
    }


def _parsed(name: str, kind: str, value: Any) -> Any:
    """Read a value of a file, or the text of a command line."""
    words = {"true": True, "false": False}
    if kind == "bool" and str(value).lower() in words:
        return words[str(value).lower()]
    if kind == "int" and str(value).isdecimal():
        return int(value)
    if kind == "str" and isinstance(value, str):
        return value
    is_mapping = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if kind.startswith("Mapping") and is_mapping:
        return value
    wanted = {"bool": "true or false", "int": "a number", "str": "a text"}.get(kind, "an object of texts")
    raise ValueError(f"{name} can't be {value!r}: it is {wanted}")


def adopted_table(stream_arn: str) -> tuple[str, str] | None:
    """Return the ARN and the name of the table that a stream belongs to; None if there is no stream."""
    found = _STREAM.fullmatch(stream_arn)
    return (found[1], found[2]) if found else None


def _problems(settings: StageSettings) -> list[str]:
    """Return what AWS would refuse in these settings, or what would block the stage."""
    found = list(setting_ranges.problems(settings))
    if settings.adopted_stream_arn != "none" and not _STREAM.fullmatch(settings.adopted_stream_arn):
        found.append("adopted_stream_arn must be the ARN of a table's stream, or none")
    if settings.api_at_once and settings.long_polls > settings.api_at_once // 2:
        found.append("long_polls must be at most half of api_at_once: the other requests need the rest")
    if settings.log_retention_days not in get_args(LogRetentionDays):
        choices = ", ".join(map(str, get_args(LogRetentionDays)))
        found.append(f"log_retention_days must be one of CloudWatch's choices: {choices}")
    reserved, shifts = settings.reserved_concurrency(), settings.shifts_traffic
    found += deploy_options.problems(settings.options, reserved, shifts_traffic=shifts)
    return found
