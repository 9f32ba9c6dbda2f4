"""Builds what functions and layers are made of, without Docker, for the platform they run on.

Byte code is made here because Lambda's file system is read-only: without it every cold start
compiles anew (boto3 alone: 467 instead of 213 ms).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from infrastructure.settings import Platform

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = (3, 13)
AWS_SERVICES = frozenset(
    {"dynamodb", "events", "kms", "s3", "scheduler", "secretsmanager", "sns", "sqs", "stepfunctions"}
)
# Names of places and carriers: 30 MB that every instance would unpack; only time zones are asked for.
_UNUSED = ("phonenumbers/geodata", "phonenumbers/carrierdata")
_ENDPOINTS = AWS_SERVICES | {"states", "sts"}
"""What the services are called in botocore's list of endpoints."""

BUILD = ROOT / ".local" / "build"
Wheels = Literal["dependencies", "encryption"]


def wheels_layer(name: Wheels, platform: Platform) -> Path:
    """Install a layer's locked third-party wheels and return its folder."""
    lock = ROOT / "layers" / name / "requirements.lock"
    key = digest([lock, Path(__file__)], platform, python_tag())
    return once(BUILD / f"{name}-{key}", lambda folder: _install_wheels(lock, folder, platform))


def trunkline_layer() -> Path:
    """Copy the product's package and return the layer's folder."""
    source = ROOT / "layers" / "trunkline" / "python"
    key = digest(_sources(source), python_tag())
    return once(BUILD / f"trunkline-{key}", lambda folder: copy_package(source, folder / "python"))


def functions_code() -> Path:
    """Copy the package `functions`; one asset serves every function, each by its own handler name."""
    source = ROOT / "functions"
    key = digest(_sources(source), python_tag())
    return once(BUILD / f"functions-package-{key}", lambda folder: copy_package(source, folder / "functions"))


def once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Build a folder unless it is there; of two processes that build it at once, the first wins."""
    if folder.exists():
        return folder
    scratch = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        build(scratch)
        scratch.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _install_wheels(lock: Path, folder: Path, platform: Platform) -> None:
    target = folder / "python"
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target)]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    if platform == "host":
        command += ["--python", sys.executable]
    else:
        version = ".".join(map(str, RUNTIME))
        command += ["--python-platform", platform, "--python-version", version]
    subprocess.run(command, check=True)  # noqa: S603 - our own words only
    shutil.rmtree(target / "bin", ignore_errors=True)
    _drop_unused_services(target / "botocore" / "data")
    for unused in _UNUSED:
        shutil.rmtree(target / unused, ignore_errors=True)
    _compile(target)


def _drop_unused_services(data: Path) -> None:
    """Keep the API models of the services that functions call: the others are most of the layer."""
    for folder in data.iterdir() if data.exists() else ():
        if folder.is_dir() and folder.name not in AWS_SERVICES:
            shutil.rmtree(folder)
    for model in data.glob("*/*/service-2.json.gz"):
        slim = json.dumps(_undocumented(json.loads(gzip.decompress(model.read_bytes()))))
        _replace(model, gzip.compress(slim.encode(), mtime=0))
    endpoints = data / "endpoints.json"
    if endpoints.exists():
        known = json.loads(endpoints.read_text())
        for partition in known["partitions"]:
            services = partition["services"]
            partition["services"] = {name: services[name] for name in services if name in _ENDPOINTS}
        _replace(endpoints, json.dumps(known).encode())


def _undocumented(model: Any) -> Any:
    """An API model without its prose, which every process would parse and hold: a third of the memory of
    a client, and of the time it takes to make one. What a client can be told is left as it is: botocore reads
    its prose."""
    if isinstance(model, dict):
        return {
            name: part if name == "clientContextParams" else _undocumented(part)
            for name, part in model.items()
            if name != "documentation" or not isinstance(part, str)
        }
    return [_undocumented(part) for part in model] if isinstance(model, list) else model


def _replace(file: Path, content: bytes) -> None:
    """The file may be a hard link into a cache: that stays as it is."""
    file.unlink()
    file.write_bytes(content)


def copy_package(source: Path, target: Path) -> None:
    """Copy a package's sources and compile them."""
    shutil.copytree(
        source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"), dirs_exist_ok=True
    )
    _compile(target)


def _compile(folder: Path) -> None:
    """Make byte code, if this is the runtime's Python; another's would only be dead weight."""
    if sys.version_info[:2] != RUNTIME:
        return
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(folder), str(folder)], check=True)  # noqa: S603 - our own words only


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def digest(files: Iterable[Path], *more: str) -> str:
    """Return a key of files' paths and contents, and of other words."""
    digest = hashlib.sha256("\n".join(more).encode())
    for path in files:
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def python_tag() -> str:
    """Return the version of Python that byte code is made for."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
