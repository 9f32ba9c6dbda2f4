"""Decisions about what AWS says of the stack and its resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trunkline_cli.doctor.report import Result, fail, ok, skipped, warn

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
_ROLLED_BACK = {"UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
_MOST_NAMED = 5


def stack_found(name: str, status: str) -> Result:
    """Judge the status of the stack.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    found = f"{name} is {status}."
    if status in _GOOD:
        return ok(found)
    if status in _ROLLED_BACK:
        return warn(found, "The last deployment was taken back: read the stack's events, and deploy again.")
    if status.endswith("_IN_PROGRESS"):
        return warn(found, "Wait until the deployment has ended.")
    return fail(found, "Read the stack's events in the CloudFormation console, then deploy again.")


def drift_found(status: str, drifted: Sequence[str]) -> Result:
    """Judge the drift of the stack; `drifted` are logical ids of resources, if they were read."""
    if status == "IN_SYNC":
        return ok("No resource was changed outside of CloudFormation.")
    if status == "DRIFTED":
        named = f": {_some(drifted)}" if drifted else ""
        fix = "Take the changes back, or into the CDK app: the next deployment may undo them."
        return warn(f"Resources were changed outside of CloudFormation{named}.", fix)
    return skipped("It was not asked for.", "`--drift` asks CloudFormation for it; it takes a minute or two.")


def keys_found(states: Mapping[str, str]) -> Result:
    """Judge the states of KMS keys, by their ids.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    bad = {key: state for key, state in states.items() if state != "Enabled"}
    if bad:
        named = ", ".join(f"{key} is {state}" for key, state in sorted(bad.items()))
        fix = "Enable it (`aws kms enable-key`), or cancel its deletion first: nothing can be read without."
        return fail(f"KMS key {named}.", fix)
    if not states:
        return fail("The stack has no KMS key.", "Deploy the stage again: `make deploy`.")
    return ok(f"{len(states)} keys are enabled.")


def dead_letters_found(counts: Mapping[str, int]) -> Result:
    """Judge the numbers of dead letters, by the outputs that name their queues."""
    full = {name: count for name, count in counts.items() if count}
    if full:
        named = ", ".join(f"{name.removesuffix('Url')} has {count}" for name, count in sorted(full.items()))
        return fail(f"{named}.", "See `docs/runbooks/dead-letters.md`.")
    return ok(f"{len(counts)} queues of dead letters are empty.")


def alarms_found(firing: Sequence[str], muted: Sequence[str], total: int) -> Result:
    """Judge the alarms; `muted` are those whose actions are disabled."""
    if firing:
        fix = "Each names its runbook in its description: `docs/runbooks/README.md`."
        return fail(f"{len(firing)} of {total} alarms are on: {_some(firing)}.", fix)
    if not total:
        return warn("The stack has no alarms.", "Deploy the stage again: `make deploy`.")
    if muted:
        return warn(f"Alarms tell nobody: {_some(muted)}.", "Use `aws cloudwatch enable-alarm-actions`.")
    return ok(f"None of {total} alarms is on.")


def subscribers_found(confirmed: int, pending: int) -> Result:
    """Judge who hears of alarms."""
    if confirmed:
        return ok(f"{confirmed} confirmed subscriptions to alarms.")
    if pending:
        found = f"{pending} subscriptions to alarms are not confirmed."
        return warn(found, "Have their owners open the link that SNS sent them.")
    fix = "Set `alarm_email` in the stage's settings, or subscribe to the topic `NoticesTopicArn`."
    return warn("Nobody is subscribed to alarms.", fix)


def api_found(status_code: int, url: str) -> Result:
    """Judge the answer to a request without an API key: 401 is what a healthy API says."""
    if status_code == 401:  # noqa: PLR2004 - the status of RFC 9110
        return ok(f"{url} answers, and refuses a request without a key.")
    fix = "See `docs/runbooks/api-errors.md`; with a domain of your own, look at its DNS record."
    return fail(f"{url} answers a request without a key with {status_code}, not with 401.", fix)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(sorted(names)[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"
