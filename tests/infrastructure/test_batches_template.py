"""What the template says of batches: who sees their files, and what goes through their flow."""

from __future__ import annotations

import json
from typing import Any

from infrastructure.settings import StageSettings
from tests.infrastructure.templates import FUNCTIONS, actions_of, resources
from trunkline.batches.models import MAX_ROWS, PART_ROWS
from trunkline.batches.worker import MAX_WAITS, NotFinished

MAX_EVENTS = 25_000
"""Of one execution: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

MAX_STATE_BYTES = 256 * 1024
_EVENTS = {"Choice": 2, "Wait": 2, "Succeed": 2, "Map": 6}
_OF_A_TRY, _AROUND_TRIES = 3, 2
"""A task's events: scheduled, started and ended for each try, entered and exited around them. A distributed
map adds at most the start and the end of its run to those of the state. The types are listed at
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html"""


def definition(template: dict[str, Any]) -> dict[str, Any]:
    """The state machine of batches."""
    machines = resources(template, "AWS::StepFunctions::StateMachine")
    (machine,) = (each for name, each in machines.items() if "Batches" in name)
    parts = machine["DefinitionString"]["Fn::Join"][1]
    return dict(json.loads("".join(part if isinstance(part, str) else "x" for part in parts)))


def events(state: dict[str, Any]) -> int:
    """The most events that one pass through a state writes, if each of its tries fails but the last."""
    if state["Type"] != "Task":
        return _EVENTS[state["Type"]]
    tries = 1 + sum(int(retry["MaxAttempts"]) for retry in state["Retry"])
    return _AROUND_TRIES + tries * _OF_A_TRY


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
    states = definition(template)["States"]
    parts = states["Parts"]
    assert parts["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    steps = [states["Begin"], states["End"], parts["ItemProcessor"]["States"]["Part"]]
    assert all(step["Retry"][-1]["MaxAttempts"] >= 10 for step in steps)
    given_up = states["End"]["Retry"][0]
    assert (given_up["ErrorEquals"], given_up["MaxAttempts"]) == ([NotFinished.__name__], 0)
    told = {name.removesuffix(".$") for step in steps for name in step["Parameters"]}
    assert told == {"step", "batch_id", "work", "part", "parts", "waits"}
    assert parts["MaxConcurrency"] == settings.batch_parts_at_once


def test_the_history_of_a_part_ends_before_its_bound_however_long_it_waits(template: dict[str, Any]) -> None:
    part = definition(template)["States"]["Parts"]
    states = part["ItemProcessor"]["States"]
    assert set(states) == {"Part", "Goes", "Wait", "PartDone"}
    assert (states["Part"]["Next"], states["Wait"]["Next"]) == ("Goes", "Part")
    assert states["Goes"]["Default"] == "Wait"
    over = {each["StringEquals"] for choice in states["Goes"]["Choices"] for each in choice["Or"]}
    assert over == {"done", "pause"}, "else a paused part would wait on"
    assert part["ItemSelector"]["told"] == {"waits": 0}, "each round counts from nothing"
    assert states["Part"]["Parameters"]["waits.$"] == "$.told.waits"
    round_ = sum(events(states[name]) for name in ("Part", "Goes", "Wait"))
    assert 2 + (MAX_WAITS + 1) * round_ < MAX_EVENTS


def test_the_rounds_of_a_job_fit_into_its_history_until_its_rows_are_gone(template: dict[str, Any]) -> None:
    """A part waits for 30 s at a limit, at least: so a round of a paused one has a shortest time."""
    states = definition(template)["States"]
    again = {choice["StringEquals"]: choice["Next"] for choice in states["HasEnded"]["Choices"]}
    assert (again, states["End"]["Next"]) == ({"again": "Begin"}, "HasEnded")
    assert states["Parts"]["ResultPath"] == states["End"]["Parameters"]["parts.$"] == "$.told.parts"
    round_ = sum(events(states[name]) for name in ("Begin", "HasParts", "Parts", "End", "HasEnded"))
    rounds = (MAX_EVENTS - 2) // round_
    assert rounds * MAX_WAITS * 30 > 15 * 86_400


def test_what_the_parts_answer_fits_into_the_state(template: dict[str, Any]) -> None:
    states = definition(template)["States"]["Parts"]["ItemProcessor"]["States"]
    assert states["PartDone"]["OutputPath"] == "$.told"
    answer = json.dumps({"next": "pause", "wait_s": 86_400, "waits": MAX_WAITS})
    assert MAX_ROWS // PART_ROWS * (len(answer) + 2) < MAX_STATE_BYTES
