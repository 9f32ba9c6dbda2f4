"""What differs between stages, in one frozen, typed object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Platform = Literal["host", "aarch64-manylinux_2_28"]


@dataclass(frozen=True)
class StageSettings:
    """Settings of one stage.

    `dialer_lanes` is the dialer's reserved concurrency and its event source's maximum concurrency:
    how many trunks can be dialled at once (see `docs/adr/0002-reserved-concurrency-is-not-cps.md`).
    `webhook_deliveries_at_once` is the delivering function's reserved concurrency, `webhook_slots` what
    one endpoint may have of it, and `webhook_tenant_slots` all endpoints of a tenant;
    `outgoing_loopback_ports` lets plain http to 127.0.0.1 through on some ports (`none` on AWS).
    `test_dialer_lanes` is how many tenants' test calls are simulated at once: none of them takes a lane of
    `dialer_lanes`. `batch_parts_at_once` is how many parts of batches, of 500 rows each,
    are imported at once: what the table is asked for beside the API's calls. `user_pool_issuer` is a Cognito
    user pool's address (`https://cognito-idp.REGION.amazonaws.com/POOL`) and `user_pool_client_id` its app
    client, where people log in to the web UI; `none`: they have keys alone.
    """

    name: str
    platform: Platform
    keep_data: bool
    log_retention_days: int
    dialer_lanes: int
    api_memory_mib: int = 512
    dialer_memory_mib: int = 1024
    webhook_deliveries_at_once: int = 200
    webhook_slots: int = 10
    webhook_tenant_slots: int = 50
    webhook_disable_after_s: int = 5 * 86_400
    test_dialer_lanes: int = 2
    batch_parts_at_once: int = 4
    user_pool_issuer: str = "none"
    user_pool_client_id: str = "none"
    outgoing_loopback_ports: str = "none"


_STAGES = {
    "local": StageSettings(
        name="local",
        platform="host",
        keep_data=False,
        log_retention_days=1,
        dialer_lanes=3,
        webhook_deliveries_at_once=4,
        webhook_slots=2,
        webhook_tenant_slots=3,
        batch_parts_at_once=1,
        outgoing_loopback_ports="9100-9999",
    ),
    "dev": StageSettings(
        name="dev",
        platform="aarch64-manylinux_2_28",
        keep_data=False,
        log_retention_days=14,
        dialer_lanes=5,
    ),
    "prod": StageSettings(
        name="prod",
        platform="aarch64-manylinux_2_28",
        keep_data=True,
        log_retention_days=90,
        dialer_lanes=50,
        test_dialer_lanes=10,
        batch_parts_at_once=8,
        api_memory_mib=1024,
        dialer_memory_mib=1769,  # one full vCPU: a lane's starts must not wait for a share of one
    ),
}


def stage_settings(name: str) -> StageSettings:
    """Return a stage's settings.

    Raises:
        ValueError: names the stages there are.
    """
    if name not in _STAGES:
        raise ValueError(f"unknown stage {name!r}: choose one of {', '.join(_STAGES)}")
    return _STAGES[name]
