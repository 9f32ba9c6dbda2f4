"""A simulator of the identity policies in a template: would AWS allow a function's role this request?

The emulator knows neither encryption contexts nor requests that a service makes to KMS on a role's behalf, so
these conditions are evaluated here: an explicit deny, else any statement that allows, else no. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.infrastructure.templates import actions_in, function, names_in, statements_of_role

Context = Mapping[str, str]
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringLike": lambda wanted, found: fnmatchcase(found, wanted),
}


def is_allowed(template: dict[str, Any], package: str, action: str, resource: str, context: Context) -> bool:
    """Tell whether a function may take an action on a resource, by its logical id, in this context.

    Raises:
        KeyError: a condition's operator that is not evaluated here.
    """
    role = function(template, package)["Role"]["Fn::GetAtt"][0]
    return role_is_allowed(template, role, action, resource, context)


def role_is_allowed(
    template: dict[str, Any], role: str, action: str, resource: str, context: Context
) -> bool:
    """Tell it of a role by its logical id. A resource is a logical id, `*`, or the end of an ARN that names
    none.

    Raises:
        KeyError: a condition's operator that is not evaluated here.
    """
    effects = {
        statement["Effect"]
        for statement in statements_of_role(template, role)
        if any(fnmatchcase(action, pattern) for pattern in actions_in(statement))
        and _covers(statement["Resource"], resource)
        and _holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def _covers(targets: Any, resource: str) -> bool:
    named = names_in(targets)
    texts = [each if isinstance(each, str) else json.dumps(each) for each in _list(targets)]
    return resource in named or any(text == "*" or f"/{resource}" in text for text in texts)


def via(service: str) -> Context:
    """The context of a request that a service makes to KMS for a principal, in the stack's region."""
    return {"kms:ViaService": f"{service}.<AWS::Region>.amazonaws.com"}


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """All operators and keys must hold, with any of a key's values; a key that is absent holds for none."""
    return all(
        name in context and any(_OPERATORS[operator](_text(value), context[name]) for value in _list(values))
        for operator, keys in condition.items()
        for name, values in keys.items()
    )


def _list(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _text(value: Any) -> str:
    """A value as text, with each reference in angle brackets."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    assert "Fn::Join" in value, json.dumps(value)
    separator, parts = value["Fn::Join"]
    return str(separator).join(map(_text, parts))
