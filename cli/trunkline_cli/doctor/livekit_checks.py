"""Decisions about LiveKit: its project, the trunks there, and its webhooks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline_cli.doctor.report import Result, fail, ok, skipped, warn

_HOUR_S = 3_600
LOOKED_BACK_DAYS = 14


@dataclass(frozen=True)
class TrunksRead:
    """Trunks of the deployment, as `name (SIP trunk id)`.

    `missing` are unknown to their LiveKit project, `unread` belong to a project that did not answer.
    """

    known: Sequence[str] = ()
    missing: Sequence[str] = ()
    unread: Sequence[str] = ()


def secret_found(project: str) -> Result:
    """Say which LiveKit project the secret names."""
    return ok(f"The secret names the project {project}.")


def no_project() -> Result:
    """Return the result for a secret without a project."""
    fix = "Run `trunkline livekit set URL API-KEY --stage STAGE`."
    return fail("No LiveKit project is set.", fix)


def login_found(project: str, *, refused: bool, answered: bool) -> Result:
    """Judge LiveKit's answer to a request with the project's key."""
    if refused:
        fix = "Run `trunkline livekit set` with a key of that project that is valid."
        return fail(f"{project} refuses the key.", fix)
    if not answered:
        return fail(f"{project} did not answer.", "Look at the project's URL, and at LiveKit's status page.")
    return ok(f"{project} accepts the key.")


def trunks_found(trunks: TrunksRead) -> Result:
    """Judge which trunks LiveKit knows."""
    if trunks.missing:
        fix = "Create the SIP trunk in LiveKit, or declare the right `sip_trunk_id` with `trunkline apply`."
        return fail(f"LiveKit does not know {', '.join(trunks.missing)}.", fix)
    if trunks.unread:
        fix = "Their owners set the project with PUT /livekit; `livekit-login` is about the deployment's own."
        return warn(f"The LiveKit project did not answer for {', '.join(trunks.unread)}.", fix)
    if not trunks.known:
        return skipped("There are no trunks.", "Create one with `trunkline apply`.")
    return ok(f"LiveKit knows all {len(trunks.known)} trunks.")


def webhook_found(status_code: int, url: str) -> Result:
    """Judge the answer to a test webhook that was signed with the project's key."""
    if status_code == 200:  # noqa: PLR2004 - the status of RFC 9110
        return ok(f"{url} accepts a signed webhook.")
    if status_code == 401:  # noqa: PLR2004
        found = f"{url} refuses a webhook that is signed with the project's key."
        return fail(found, "Functions use a changed key within a minute: try again, then set it again.")
    return fail(
        f"{url} answers a test webhook with {status_code}.", "See `docs/runbooks/function-errors.md`."
    )


def arrivals_found(last_age_s: float | None, url: str) -> Result:
    """Judge when LiveKit's last webhook of a call came (seconds ago; None: none was counted)."""
    if last_age_s is None:
        fix = f"If calls were made, add {url} to the webhooks of your LiveKit project."
        return warn(f"LiveKit sent no webhook of a call in {LOOKED_BACK_DAYS} days.", fix)
    hours = last_age_s / _HOUR_S
    return ok(f"LiveKit's last webhook of a call came within the last {max(1, round(hours))} h.")
