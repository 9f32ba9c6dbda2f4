"""How fast things start: functions from cold, layers' sizes, and the whole local stack."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import httpx

from benchmarks.table import Row, p50
from infrastructure import assets
from local.config import ROOT, for_tests
from local.observe import MAX_MEMORY_MB, settled_memory_mb
from local.receiver import receiver
from local.stack import Stack

_IMPORTS = 7
_COLD_BOUND_S = 60
_WARM_BOUND_S = 25


def import_rows() -> list[Row]:
    """Import time of each handler in a fresh process, over bare Python's start."""
    layers = [assets.wheels_layer("dependencies", "host"), assets.trunkline_layer()]
    path = os.pathsep.join([*(str(layer / "python") for layer in layers), str(assets.functions_code())])
    bare = _start_time("pass", path)
    rows = [Row("bare Python", f"{bare * 1000:.0f} ms")]
    for package in ("api", "dialer", "livekit_webhook", "reconciler", "event_fanout", "webhook_deliver"):
        took = _start_time(f"import {package}.handler", path)
        rows.append(Row(f"import {package}", f"{(took - bare) * 1000:.0f} ms", "bare Python", took / bare))
    return rows


def _start_time(code: str, path: str) -> float:
    samples = []
    for _ in range(_IMPORTS):
        began_s = time.perf_counter()
        environment = {"PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd="/")  # noqa: S603
        samples.append(time.perf_counter() - began_s)
    return p50(samples)


def layer_rows() -> list[Row]:
    """Zipped size of each layer, for the platform on AWS."""
    built = {
        "dependencies (arm64)": assets.wheels_layer("dependencies", "aarch64-manylinux_2_28"),
        "encryption (arm64)": assets.wheels_layer("encryption", "aarch64-manylinux_2_28"),
        "trunkline": assets.trunkline_layer(),
        "functions": assets.functions_code(),
    }
    return [Row(f"layer {name}, zipped", f"{_zipped_mb(folder):.1f} MB") for name, folder in built.items()]


def _zipped_mb(folder: Path) -> float:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        return file.tell() / 1e6


def memory_row(stack: Stack) -> Row:
    """Proportional memory of every process of the local stack, after each function was used."""
    _use_every_function(stack)
    total_mb = sum(settled_memory_mb(stack).values())
    kept = total_mb < MAX_MEMORY_MB
    return Row("memory of the local stack", f"{total_mb:.0f} MB", "", None, f"< {MAX_MEMORY_MB} MB", kept)


def _use_every_function(stack: Stack) -> None:
    """A call by each kind of key and channel, with a webhook that is told of them."""
    seeded, url = stack.seed, stack.config.api_url
    by_web = {"workflow_slug": seeded.workflow_slug, "user_id": "u", "user_context": {"user_name": "John"}}
    by_phone = {"agentId": seeded.agent_id, "phoneNumber": "+15550100001"}
    with receiver() as endpoint, httpx.Client(base_url=url, timeout=30) as api:
        for key in (seeded.live_key, seeded.test_key):
            headers = {"x-api-key": key}
            api.post("/api/v1/webhooks", headers=headers, json={"url": endpoint.url()}).raise_for_status()
            opened = api.post("/api/v1/calls", headers=headers, json=by_web).json()
            if key == seeded.live_key:
                httpx.put(f"{stack.config.livekit[0]}/_control/joins", json={"token": opened["token"]})
            api.post("/api/v1/calls/outbound", headers=headers, json=by_phone).raise_for_status()
        endpoint.wait_for("/hook", 10, timeout_s=90)


def run_rows() -> list[Row]:
    """`make run ONCE=1` on a fresh clone with empty caches, and again."""
    with tempfile.TemporaryDirectory() as folder:
        clone, caches = Path(folder) / "trunkline", Path(folder) / "caches"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)  # noqa: S603, S607
        cold, warm = _make_run(clone, caches), _make_run(clone, caches)
    return [
        Row(
            "make run ONCE=1, empty caches",
            f"{cold:.1f} s",
            "",
            None,
            f"≤ {_COLD_BOUND_S} s",
            cold <= _COLD_BOUND_S,
        ),
        Row(
            "make run ONCE=1, warm",
            f"{warm:.1f} s",
            "",
            warm / cold,
            f"≤ {_WARM_BOUND_S} s",
            warm <= _WARM_BOUND_S,
        ),
    ]


def _make_run(clone: Path, caches: Path) -> float:
    ports = for_tests("unused")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "UV_CACHE_DIR": str(caches / "uv"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "npm_config_cache": str(caches / "npm"),
        "TRUNKLINE_API_PORT": str(ports.api_port),
        "TRUNKLINE_EMULATOR_PORT": str(ports.emulator_port),
        "TRUNKLINE_LIVEKIT_PORT": str(ports.livekit_port),
    }
    began_s = time.perf_counter()
    subprocess.run(["make", "run", "ONCE=1"], cwd=clone, env=environment, check=True)  # noqa: S607
    return time.perf_counter() - began_s
