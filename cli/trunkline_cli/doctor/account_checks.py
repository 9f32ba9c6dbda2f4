"""Decisions about the operator's machine and AWS account. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infrastructure.preflight import Finding, Level
from trunkline_cli.doctor.report import Result, fail, ok, skipped, warn

SKEW_WARN_S = 10
"""LiveKit's webhooks and agents' tokens are refused beyond this."""

SKEW_FAIL_S = 300
"""AWS refuses requests that are signed with a clock further off.
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html"""


def credentials_found(account: str, arn: str) -> Result:
    """Say who the credentials are."""
    return ok(f"AWS account {account}, as {arn}.")


def region_found(region: str, lacking: Sequence[str]) -> Result:
    """Say which services the region is not known to have."""
    if lacking:
        fix = "Look at AWS's list of services by region, and use another region if a service is missing."
        return warn(f"{region} is not known to have {', '.join(lacking)}.", fix)
    return ok(f"{region} has every service of the stack.")


def clock_found(skew_s: float, of: str) -> Result:
    """Compare this machine's clock with another one; `skew_s` is how far this one is ahead, in seconds."""
    direction = "ahead of" if skew_s > 0 else "behind"
    found = f"This machine is {abs(skew_s):.0f} s {direction} {of}."
    if abs(skew_s) >= SKEW_FAIL_S:
        return fail(found, "Set the clock by NTP: AWS refuses requests with such a time.")
    if abs(skew_s) >= SKEW_WARN_S:
        return warn(found, "Set the clock by NTP: LiveKit refuses tokens with such a time.")
    return ok(f"This machine and {of} are within {SKEW_WARN_S} s of each other.")


def quotas_found(findings: Sequence[Finding]) -> Result:
    """Sum up the preflight of a deployment."""
    blocked = [finding for finding in findings if finding.level is Level.BLOCKED]
    small = [finding for finding in findings if finding.level is Level.ASK]
    unread = [finding for finding in findings if finding.level is Level.UNKNOWN]
    wanted = [*blocked, *small]
    if wanted:
        asked = "; ".join(f"{finding.ask_for} at {finding.link}" for finding in wanted)
        judge = fail if blocked else warn
        return judge(" ".join(finding.text for finding in wanted), f"Ask for {asked}.")
    if unread:
        return ok(f"Enough for the stage; {len(unread)} quotas are not shown (`docs/quotas.md`).")
    return ok("Enough for the stage.")


def versions_found(cli: str, stack: str | None) -> Result:
    """Compare the version of this command line with that of the stack."""
    if stack is None:
        return warn(f"The stack names no version, this is {cli}.", "Deploy the stage: `make deploy`.")
    if stack != cli:
        fix = f"Check out version {stack}, or deploy {cli} with `make deploy`."
        return warn(f"The stack is version {stack}, this command line is {cli}.", fix)
    return ok(f"Stack and command line are version {cli}.")


def not_on_the_emulator(what: str) -> Result:
    """Return the result of a check that the local stack has nothing for."""
    return skipped(f"The AWS emulator has no {what}.")
