"""The file of a stage: `stages/prod.json` sets what a team decides about its deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from infrastructure.deploy_options import DeployOptions
from infrastructure.settings import CHANGEABLE, StageSettings, stage_settings

FOLDER = Path(__file__).resolve().parent.parent / "stages"


def deployed_settings(
    name: str, context: Mapping[str, Any] | None = None, folder: Path = FOLDER
) -> StageSettings:
    """Return the settings of a stage with those of its file; CDK context takes the place of both.

    Raises:
        ValueError: names the file and what is wrong in it, or the setting that is not possible.
    """
    return stage_settings(name, {**read_stage_file(name, folder), **(context or {})})


def read_stage_file(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Read the file of a stage; without a file, nothing is set.

    Raises:
        ValueError: it is not a JSON object, or has an unknown setting.
    """
    file = folder / f"{name}.json"
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{file}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{file}: must be a JSON object of settings")  # noqa: TRY004 - one error for a file
    known = [*CHANGEABLE, *(field.name for field in fields(DeployOptions))]
    for key in found:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f": did you mean {close[0]}?" if close else ""
            raise ValueError(f"{file}: unknown setting {key}{hint}")
    return found
