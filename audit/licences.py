"""The licences of everything that is deployed or used as a tool, and those that are allowed.

A licence is named by its SPDX id (https://spdx.org/licenses/). Packages name theirs in many ways: a list
here says which texts mean which licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from audit.sbom import BILLS, write_bills
from audit.tools import AuditFailed

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    # Of data that builds and checks read: which browsers and languages there are. None of it is deployed.
    "CC-BY-4.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    # Of the dashboard's fonts, which are served as they are.
    "OFL-1.1",
    "PSF-2.0",
    "Python-2.0",
    "Unlicense",
    # Its terms hold for changed files of the package itself: we change none.
    "MPL-2.0",
}
_CLASSIFIER = "License :: OSI Approved :: "
MEANINGS = {
    f"{_CLASSIFIER}Apache Software License": "Apache-2.0",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    f"{_CLASSIFIER}BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License": "ISC",
    f"{_CLASSIFIER}MIT License": "MIT",
    f"{_CLASSIFIER}Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What classifiers and free texts mean. The classifier of BSD stands for two or three clauses."""

SAYS_NOTHING = {"License :: OSI Approved", "UNKNOWN", "Dual License"}
"""What stands beside a licence that is named elsewhere in the metadata."""

OURS = "trunkline"


def check() -> None:
    """Write the bills, print each component with its licences, and list them in a file.

    Raises:
        AuditFailed: a licence is not allowed, or a component names none that is known.
    """
    found = {line for bill in write_bills() for line in _lines(json.loads(bill.read_text()))}
    table = [
        f"{name} {version}\t{' or '.join(licences) or '-'}" for name, version, licences, _ in sorted(found)
    ]
    (BILLS / "licences.txt").write_text("\n".join(table) + "\n")
    print("\n".join(table))  # noqa: T201
    refused = [f"{name} {version}: {why}" for name, version, _, why in sorted(found) if why]
    if refused:
        raise AuditFailed("\n".join(refused))


def _lines(bill: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for component in bill["components"]:
        if component["name"] != OURS:
            licences = licences_of(component)
            yield component["name"], component.get("version", ""), licences, fault_of(licences)


def licences_of(component: dict[str, Any]) -> tuple[str, ...]:
    """Return what a component of a bill says of its licences, as SPDX expressions where they are known."""
    named = {_name(each) for each in component.get("licenses", [])}
    return tuple(sorted({MEANINGS.get(each, each) for each in named - SAYS_NOTHING}))


def _name(choice: dict[str, Any]) -> str:
    if "expression" in choice:
        return str(choice["expression"])
    licence = choice["license"]
    text = str(licence.get("text", {}).get("content", "")).strip()
    declared = str(licence.get("name", "")).startswith("declared license of")
    return text if declared else str(licence.get("id") or licence["name"])


def fault_of(licences: tuple[str, ...]) -> str:
    """Say why a component is refused; an empty text means that it is not."""
    if not licences:
        return "it names no licence"
    refused = [each for each in licences if not is_allowed(each)]
    return f"not allowed: {', '.join(each[:200] for each in refused)}" if refused else ""


def is_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression is allowed: one side of each OR, and all sides of an AND."""
    choices = re.split(r"\s+OR\s+", expression.strip("() "))
    return any(
        all(part.strip("() ") in ALLOWED for part in re.split(r"\s+AND\s+", choice)) for choice in choices
    )
