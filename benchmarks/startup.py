"""Start-up: import times of the functions, sizes of the layers, and the local stack."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import httpx

from benchmarks.results import Row, p50
from infrastructure import assets
from local.config import ROOT, for_tests
from local.probes import MAX_MEMORY_MB, settled_memory_mb
from local.stack import Stack
from local.webhook_receiver import receiver

_IMPORTS = 7
_MAX_COLD_S = 60
_MAX_WARM_S = 25
_MAX_GREEN_S = 180


def import_rows() -> list[Row]:
    """Measure the import of each handler in a new process, without the start of Python itself."""
    layers = [assets.wheels_layer("dependencies", "host"), assets.trunkline_layer()]
    path = os.pathsep.join([*(str(layer / "python") for layer in layers), str(assets.functions_code())])
    python_s = _start_s("pass", path)
    rows = [Row("bare Python", f"{python_s * 1000:.0f} ms")]
    for package in ("api", "dialer", "livekit_webhook", "reconciler", "event_fanout", "webhook_deliver"):
        took_s = _start_s(f"import functions.{package}.handler", path)
        value = f"{(took_s - python_s) * 1000:.0f} ms"
        rows.append(Row(f"import {package}", value, "bare Python", took_s / python_s))
    return rows


def _start_s(code: str, path: str) -> float:
    """Return the median seconds of a Python process that runs some code."""
    samples = []
    for _ in range(_IMPORTS):
        started_s = time.perf_counter()
        environment = {"PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd="/")  # noqa: S603 - our own words
        samples.append(time.perf_counter() - started_s)
    return p50(samples)


def layer_rows() -> list[Row]:
    """Measure the zipped size of each layer for the platform on AWS."""
    folders = {
        "dependencies (arm64)": assets.wheels_layer("dependencies", "aarch64-manylinux_2_28"),
        "encryption (arm64)": assets.wheels_layer("encryption", "aarch64-manylinux_2_28"),
        "trunkline": assets.trunkline_layer(),
        "functions": assets.functions_code(),
    }
    return [Row(f"layer {name}, zipped", f"{_zipped_mb(folder):.1f} MB") for name, folder in folders.items()]


def _zipped_mb(folder: Path) -> float:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        return file.tell() / 1e6


def memory_row(stack: Stack) -> Row:
    """Measure the memory of the local stack (PSS) after each function was used."""
    _use_every_function(stack)
    total_mb = sum(settled_memory_mb(stack).values())
    is_met = total_mb < MAX_MEMORY_MB
    return Row("memory of the local stack", f"{total_mb:.0f} MB", "", None, f"< {MAX_MEMORY_MB} MB", is_met)


def _use_every_function(stack: Stack) -> None:
    """Make a call with each kind of key and channel, with a webhook for their events."""
    demo, url = stack.seed, stack.config.api_url
    web_call = {"workflow_slug": demo.workflow_slug, "user_id": "u", "user_context": {"user_name": "John"}}
    phone_call = {"agentId": demo.agent_id, "phoneNumber": "+15550100001"}
    with receiver() as endpoint, httpx.Client(base_url=url, timeout=30) as api:
        for key in (demo.live_key, demo.test_key):
            headers = {"x-api-key": key}
            api.post("/api/v1/webhooks", headers=headers, json={"url": endpoint.url()}).raise_for_status()
            created = api.post("/api/v1/calls", headers=headers, json=web_call).json()
            if key == demo.live_key:
                httpx.put(f"{stack.config.livekit[0]}/_control/joins", json={"token": created["token"]})
            api.post("/api/v1/calls/outbound", headers=headers, json=phone_call).raise_for_status()
        endpoint.wait_for("/hook", 10, timeout_s=90)


def run_rows() -> list[Row]:
    """Measure `make run ONCE=1` in a fresh clone, with empty caches and again."""
    with tempfile.TemporaryDirectory() as folder:
        clone, caches = Path(folder) / "trunkline", Path(folder) / "caches"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)  # noqa: S603, S607 - ours
        cold_s, warm_s = _make_run_s(clone, caches), _make_run_s(clone, caches)
    return [
        _run_row("empty caches", cold_s, None, _MAX_COLD_S),
        _run_row("warm", warm_s, warm_s / cold_s, _MAX_WARM_S),
    ]


def doctor_rows() -> list[Row]:
    """Measure from an empty machine to a deployed stage on the emulator that `trunkline doctor` passes."""
    with tempfile.TemporaryDirectory() as folder:
        clone, caches = Path(folder) / "trunkline", Path(folder) / "caches"
        started_s = time.perf_counter()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)  # noqa: S603, S607 - ours
        environment = _own_environment(caches)
        stage = subprocess.Popen(["make", "run"], cwd=clone, env=environment)  # noqa: S607 - ours
        try:
            while not _doctor_passes(clone, environment):
                if stage.poll() is not None:
                    raise RuntimeError(f"make run ended with {stage.returncode}")
                time.sleep(1)
            took_s = time.perf_counter() - started_s
        finally:
            stage.terminate()
            stage.wait()
    name = "nothing installed, to a deployed stage that doctor passes"
    return [
        Row(name, f"{took_s / 60:.1f} min", "", None, f"≤ {_MAX_GREEN_S // 60} min", took_s <= _MAX_GREEN_S)
    ]


def _doctor_passes(clone: Path, environment: dict[str, str]) -> bool:
    if not (clone / ".local" / "stack.json").exists():
        return False
    doctor = [str(clone / ".venv" / "bin" / "trunkline"), "doctor", "--local"]
    done = subprocess.run(doctor, cwd=clone, env=environment, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    return done.returncode == 0


def _run_row(condition: str, took_s: float, ratio: float | None, max_s: float) -> Row:
    name, target = f"make run ONCE=1, {condition}", f"≤ {max_s} s"
    return Row(name, f"{took_s:.1f} s", "", ratio, target, took_s <= max_s)


def _make_run_s(clone: Path, caches: Path) -> float:
    environment = _own_environment(caches)
    started_s = time.perf_counter()
    subprocess.run(["make", "run", "ONCE=1"], cwd=clone, env=environment, check=True)  # noqa: S607 - ours
    return time.perf_counter() - started_s


def _own_environment(caches: Path) -> dict[str, str]:
    """Return an environment with caches of its own and free ports, and without AWS."""
    ports = for_tests("unused")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return environment | {
        "UV_CACHE_DIR": str(caches / "uv"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "npm_config_cache": str(caches / "npm"),
        "TRUNKLINE_API_PORT": str(ports.api_port),
        "TRUNKLINE_EMULATOR_PORT": str(ports.emulator_port),
        "TRUNKLINE_LIVEKIT_PORT": str(ports.livekit_port),
    }
