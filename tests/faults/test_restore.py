"""Restore, return and teardown of a deployed stage, walked through on a stack of its own.

The emulator's point-in-time recovery copies the table as it is, whatever time is asked for. So the tests copy
it first, have its calls dialled after that, and then go on with the copy, as after an interruption.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trunkline_cli.main import app
from typer.testing import CliRunner

from infrastructure.settings import stage_settings
from local import aws_stage, cdk
from local.config import for_tests
from local.deployment import Deployment, client
from local.stack import Stack, local_stack
from local.webhook_receiver import Receiver
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.polling import poll
from tests.support.webhooks import create_webhook

RESTORED = "restored-table"
NUMBER = "+15550100001"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack that no other test uses: it gets another table, and is destroyed."""
    with local_stack(for_tests("restore-test"), lambda _: None) as own:
        yield own


def trunkline(stack: Stack, *words: str) -> str:
    """Run the operator's command line."""
    environment = {**stack.config.aws_environment(), "TRUNKLINE_STAGE": "local", "COLUMNS": "200"}
    result = CliRunner().invoke(app, list(words), env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def deploy(stack: Stack, **settings: str) -> None:
    """Update the stack with other settings, as `make deploy` does on AWS."""
    update = Deployment(stack.config, settings)
    update.start_synth()
    update.finish_synth()
    update.deploy()


def copy_table(stack: Stack) -> None:
    source = stack.outputs.values["TableName"]
    client(stack.config, "dynamodb").restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=RESTORED, UseLatestRestorableTime=True
    )


async def test_a_stage_adopts_a_restored_past_dials_nothing_twice_and_goes_back(
    stack: Stack, make_tenant: MakeTenant, endpoint: Receiver
) -> None:
    tenant = await make_tenant()
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.failed"]})
    trunkline(stack, "trunks", "pause", tenant.trunk.id)
    call_id = tenant.placed(NUMBER)
    copy_table(stack)

    # What the restored past does not know.
    trunkline(stack, "trunks", "resume", tenant.trunk.id)
    assert tenant.wait_for_end(call_id)["data"]["status"] == "completed"
    lost = tenant.placed(NUMBER)
    tenant.wait_for_end(lost)
    suppressed = "+15550100003"
    tenant.api.post("/api/v1/suppressions", json={"numbers": [suppressed]}).raise_for_status()
    invites = len(tenant.invites())

    told = trunkline(stack, "restore", "--table", RESTORED, "--yes")
    assert "1 calls ended" in told
    assert "1 numbers suppressed" in told
    stream_arn = told.partition("adopted_stream_arn=")[2].partition('"')[0]
    deploy(stack, adopted_stream_arn=stream_arn)

    ended = poll(lambda: tenant.call(call_id), lambda call: call["data"]["status"] == "failed")
    assert ended["data"]["failure_reason"] == "restored"
    assert tenant.api.get(f"/api/v1/calls/{lost}").status_code == 404
    assert tenant.place(suppressed).status_code == 403
    _reads_its_stream(endpoint, call_id)

    waiting = tenant.placed(NUMBER)
    assert tenant.my_trunk()["paused_reason"] == "paused_by_operator"
    trunkline(stack, "trunks", "resume", tenant.trunk.id)
    assert tenant.wait_for_end(waiting)["data"]["status"] == "completed"
    rooms = [invite["room"] for invite in tenant.invites()]
    assert len(rooms) == invites + 1, "only what was placed after the restore"
    assert [room for room in rooms if call_id in room] == [f"call-{call_id}"]

    deploy(stack)
    back = poll(lambda: tenant.call(call_id), lambda call: call["data"]["status"] == "completed")
    assert back["data"]["id"] == call_id
    assert tenant.api.get(f"/api/v1/calls/{waiting}").status_code == 404
    assert tenant.my_trunk()["paused_reason"] == "paused_by_operator"


def _reads_its_stream(endpoint: Receiver, call_id: str) -> None:
    """The fan-out follows the restored table's stream from its beginning."""
    seen = endpoint.wait_for("/hook", 1)
    assert [each.event["data"]["call_id"] for each in seen] == [call_id]


def test_a_destroyed_stage_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    """The last test of this stack."""
    log = tmp_path / "destroy.log"
    # What was deployed, and not `cdk.out`, to which another synthesis may write.
    assembly = str(stack.config.folder / "cdk.out")

    def run_cdk(arguments: list[str]) -> int:
        destroy = cdk.spawn(log, stack.config.aws_environment(), *arguments, "--app", assembly)
        code: int = destroy.wait()
        return code

    def connect(service: str) -> Any:
        return client(stack.config, service)

    connect("dynamodb").delete_table(TableName=RESTORED)
    said: list[str] = []
    code = aws_stage.destroy(stage_settings("local"), connect, run_cdk, said.append)
    assert code == 0, log.read_text()
    left = {
        "tables": connect("dynamodb").list_tables()["TableNames"],
        "functions": [each["FunctionName"] for each in connect("lambda").list_functions()["Functions"]],
        "queues": connect("sqs").list_queues().get("QueueUrls", []),
        "machines": connect("stepfunctions").list_state_machines()["stateMachines"],
        "apis": connect("apigatewayv2").get_apis()["Items"],
        "sources": connect("lambda").list_event_source_mappings()["EventSourceMappings"],
        "schedules": connect("scheduler").list_schedules()["Schedules"],
        "topics": connect("sns").list_topics()["Topics"],
        "buses": [each["Name"] for each in connect("events").list_event_buses()["EventBuses"]],
        "secrets": [each["Name"] for each in connect("secretsmanager").list_secrets()["SecretList"]],
        "buckets": [each["Name"] for each in connect("s3").list_buckets()["Buckets"]],
    }
    left["buses"].remove("default")
    left["buckets"] = [name for name in left["buckets"] if not name.startswith("cdk-")]
    assert not any(left.values()), json.dumps(left, default=str)
    assert any("Nothing is left" in line for line in said)
