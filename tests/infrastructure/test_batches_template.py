"""What the template says of batches: who sees their files, and what goes through their flow."""

from __future__ import annotations

import json
from typing import Any

from infrastructure.settings import StageSettings
from tests.infrastructure.templates import FUNCTIONS, actions_of, resources
from trunkline.batches.worker import NotFinished


def test_files_are_encrypted_private_and_gone_when_no_call_can_wait(template: dict[str, Any]) -> None:
    (bucket,) = (
        each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::S3::Bucket"
    )
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 15
    readers = [
        each for each in FUNCTIONS if any(name.startswith("s3:") for name in actions_of(template, each))
    ]
    assert readers == ["api", "batches"]


def test_the_map_walks_numbers_and_every_step_is_tried_again(
    template: dict[str, Any], settings: StageSettings
) -> None:
    machines = resources(template, "AWS::StepFunctions::StateMachine")
    (machine,) = (each for name, each in machines.items() if "Batches" in name)
    definition = "".join(
        part if isinstance(part, str) else "x" for part in machine["DefinitionString"]["Fn::Join"][1]
    )
    states = json.loads(definition)["States"]
    parts = states["Parts"]
    assert parts["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    steps = [states["Begin"], states["End"], parts["ItemProcessor"]["States"]["Part"]]
    assert all(step["Retry"][-1]["MaxAttempts"] >= 10 for step in steps)
    given_up = states["End"]["Retry"][0]
    assert (given_up["ErrorEquals"], given_up["MaxAttempts"]) == ([NotFinished.__name__], 0)
    told = {name.removesuffix(".$") for step in steps for name in step["Parameters"]}
    assert told == {"step", "batch_id", "work", "part"}
    assert parts["MaxConcurrency"] == settings.batch_parts_at_once
