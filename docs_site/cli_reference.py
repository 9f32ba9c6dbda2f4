"""The reference of the command line, from its own declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from trunkline_cli.main import app

from docs_site.schema_tables import code, table_of

_INTRODUCTION = """# Command line

`trunkline` works with your AWS credentials on a deployment, and with `--local` on the local stack. `make
setup` installs it as `.venv/bin/trunkline`. [Deploy](deploy.md#commands) says what the commands are for.
"""


def page() -> str:
    """Return the page: a section for each command."""
    root = typer.main.get_command(app)
    return "\n\n".join([_INTRODUCTION.rstrip(), *_sections("trunkline", root)]) + "\n"


def _sections(name: str, command: Any) -> Iterator[str]:
    commands: dict[str, Any] = getattr(command, "commands", {})
    if not commands or name == "trunkline":
        yield _section(name, command)
    for word in sorted(commands):
        yield from _sections(f"{name} {word}", commands[word])


def _section(name: str, command: Any) -> str:
    about = " ".join((command.help or "").split())
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    usage = " ".join([name, *map(_metavar, arguments)])
    rows = [_row(each) for each in shown]
    parts = [f"## {name}", about, f"```\n{usage}\n```"]
    parts += [table_of(["Argument or option", "Meaning", "Default"], rows)] if rows else []
    return "\n\n".join(part for part in parts if part)


def _metavar(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name or "").upper().replace("_", "-")
    return name if parameter.required else f"[{name}]"


def _row(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        words = code(_metavar(parameter).strip("[]"))
    else:
        words = ", ".join(code(each) for each in [*parameter.opts, *parameter.secondary_opts])
    meaning = " ".join((parameter.help or "").split())
    default = parameter.default
    nothing = default is None or default is False or default in ((), "") or callable(default)
    shown = "" if nothing else code(default)
    return [words, f"**required** {meaning}" if parameter.required else meaning, shown]
