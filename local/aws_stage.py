"""Deployment of a stage to an AWS account, and its removal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from infrastructure.account import is_deployed, read_account
from infrastructure.preflight import Finding, Level, fits, preflight
from infrastructure.settings import StageSettings, adopted_table

RunCdk = Callable[[list[str]], int]
Connect = Callable[[str], Any]
Report = Callable[[str], None]

_MARKS = {Level.OK: "✓", Level.ASK: "!", Level.UNKNOWN: "?", Level.BLOCKED: "✗"}


def deploy(
    settings: StageSettings, connect: Connect, run_cdk: RunCdk, report: Report, arguments: Sequence[str] = ()
) -> int:
    """Compare the stage with the account's quotas, then deploy it; return the exit code.

    A table that the stage has adopted stays its table, until `-c adopted_stream_arn=` names another. That
    changes at once for all functions, without a shift: the API would write to two tables.
    A first deployment goes without the table's deletion protection, which a second one then adds:
    CloudFormation could not roll back the creation of a protected table.
    """
    findings = preflight(settings, read_account(connect, settings))
    for finding in findings:
        report(_line(finding))
    if not fits(findings):
        report(f"{settings.name} does not fit into this account: nothing was deployed.")
        return 1
    deployed = _outputs(connect, stack_name(settings))
    command = ["deploy", "-c", f"stage={settings.name}", *_adoption(settings, deployed, arguments)]
    if deployed and _changes_table(settings, deployed, command):
        first = run_cdk([*command, "-c", "shifts_traffic=false"])
        return first or run_cdk([*command, "--require-approval", "never"])
    if not settings.protects_table or is_deployed(connect, stack_name(settings)):
        return run_cdk(command)
    first = run_cdk([*command, "-c", "protects_table=false"])
    return first or run_cdk([*command, "--require-approval", "never"])


def destroy(
    settings: StageSettings, connect: Connect, run_cdk: RunCdk, report: Report, arguments: Sequence[str] = ()
) -> int:
    """Destroy a stage without asking; return the exit code. What is kept is reported.

    Executions that wait would keep their state machines for days, so they are stopped. Where data goes, the
    bucket is emptied, for CloudFormation deletes no other. The secrets of tenants' own LiveKit projects are
    not part of the stack, and are deleted after it.
    """
    outputs = _outputs(connect, stack_name(settings))
    for name in ("DeliveryFlowArn", "BatchFlowArn"):
        if name in outputs:
            _stop_executions(connect("stepfunctions"), outputs[name])
    if not settings.keep_data and "BatchBucketName" in outputs:
        _empty_bucket(connect("s3"), outputs["BatchBucketName"])
    code = run_cdk(["destroy", "--force", "-c", f"stage={settings.name}", *arguments])
    if code == 0 and settings.keep_data:
        report(f"Kept: {outputs.get('KeptOnDestroy', 'nothing')}")
    elif code == 0:
        _delete_secrets(connect("secretsmanager"), f"{stack_name(settings)}/livekit/")
        if found := adopted_table(outputs.get("AdoptedStreamArn", "")):
            connect("dynamodb").delete_table(TableName=found[1])
        report("Nothing is left but the KMS keys, which AWS deletes in seven days.")
    return code


_ADOPTED = "adopted_stream_arn"


def _adoption(settings: StageSettings, deployed: dict[str, str], arguments: Sequence[str]) -> list[str]:
    """Return the arguments, with the deployed stack's adopted table if they and the settings name none."""
    named = any(each.startswith(f"{_ADOPTED}=") for each in arguments)
    if named or settings.adopted_stream_arn != "none" or "AdoptedStreamArn" not in deployed:
        return list(arguments)
    return [*arguments, "-c", f"{_ADOPTED}={deployed['AdoptedStreamArn']}"]


def _changes_table(settings: StageSettings, deployed: dict[str, str], command: Sequence[str]) -> bool:
    given = [each.partition("=")[2] for each in command if each.startswith(f"{_ADOPTED}=")]
    wanted = given[-1] if given else settings.adopted_stream_arn
    return wanted != deployed.get("AdoptedStreamArn", "none")


def stack_name(settings: StageSettings) -> str:
    """Return the name of a stage's CloudFormation stack."""
    return f"trunkline-{settings.name}"


def _line(finding: Finding) -> str:
    asked = f" Ask for {finding.ask_for}: {finding.link}" if finding.ask_for else ""
    return f"{_MARKS[finding.level]} {finding.text}{asked}"


def _outputs(connect: Connect, name: str) -> dict[str, str]:
    if not is_deployed(connect, name):
        return {}
    (stack,) = connect("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def _stop_executions(client: Any, machine_arn: str) -> None:
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=machine_arn, statusFilter="RUNNING"
    )
    for execution in [each for page in pages for each in page["executions"]]:
        client.stop_execution(executionArn=execution["executionArn"], cause="The stage is destroyed.")


def _empty_bucket(client: Any, bucket: str) -> None:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": each["Key"]} for each in page.get("Contents", ())]
        if keys:
            client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _delete_secrets(client: Any, prefix: str) -> None:
    """Delete secrets at once: a name that is scheduled for deletion could not be used again for days."""
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
    for secret in [each for page in pages for each in page["SecretList"]]:
        client.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
