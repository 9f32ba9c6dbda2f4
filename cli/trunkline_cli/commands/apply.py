"""The `trunkline apply` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from trunkline_cli.console import Stage, connect, console, report_errors
from trunkline_cli.declaration import apply_declaration


def apply(
    file: Annotated[
        Path, typer.Argument(help="YAML file with a tenant and its trunks, tools, agents and workflows.")
    ],
    stage: Stage = "dev",
) -> None:
    """Create or update what a YAML file declares, and print what changed.

    Applying the same file again changes nothing. What the file does not name stays as it is.
    """
    with report_errors():
        declared = yaml.safe_load(file.read_text())
        if not isinstance(declared, dict):
            raise typer.BadParameter("the file must be a mapping with tenant, trunks and agents")
        table = Table("", "name", "id", "")
        for result in apply_declaration(connect(stage), declared):
            table.add_row(result.kind, result.name, result.id, result.change)
        console.print(table)
