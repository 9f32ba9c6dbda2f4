"""Queues of dead letters: each has its use, and operators find it."""

from __future__ import annotations

from typing import Any

from tests.infrastructure.templates import dead_letter_queues, names_in, resources


def test_each_queue_redrives_to_dead_letters_that_something_uses(template: dict[str, Any]) -> None:
    letters = dead_letter_queues(template)
    queues = resources(template, "AWS::SQS::Queue")
    redriven = {
        name: names_in(queue["RedrivePolicy"]) for name, queue in queues.items() if name not in letters
    }
    assert all(targets and targets <= letters for targets in redriven.values()), redriven
    used: set[str] = set().union(*redriven.values())
    for source in resources(template, "AWS::Lambda::EventSourceMapping").values():
        used |= names_in(source.get("DestinationConfig", {}))
    for rule in resources(template, "AWS::Events::Rule").values():
        used |= names_in([target.get("DeadLetterConfig", {}) for target in rule["Targets"]])
    assert used == letters


def test_the_stack_says_where_each_queue_of_dead_letters_is(template: dict[str, Any]) -> None:
    """By these outputs the doctor counts them, and operators find them."""
    outputs = template["Outputs"].items()
    told = [names_in(output["Value"]) for name, output in outputs if name.endswith("DeadLettersUrl")]
    assert sorted(told, key=sorted) == sorted(({name} for name in dead_letter_queues(template)), key=sorted)
