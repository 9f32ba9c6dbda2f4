"""A real livekit-server for the local stack: loopback only, without SIP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from local.config import ROOT, StackConfig
from local.processes import CannotStart, Processes

BINARY = ROOT / ".local" / "bin" / "livekit-server"
_API_KEY, _API_SECRET = "devkey", "secret" * 6


@contextmanager
def real_livekit(config: StackConfig) -> Iterator[StackConfig]:
    """Run livekit-server while the block runs; yield a configuration that uses it.

    Its webhooks go to the stack. `docs/livekit.md` describes the settings that work on loopback.

    Raises:
        CannotStart: it was not built, or does not start.
    """
    if not BINARY.exists():
        raise CannotStart(f"{BINARY} was not built: install Go (https://go.dev/dl) and start again")
    folder = config.folder / "real-livekit"
    processes = Processes(replace(config, folder=folder))
    processes.lock_folder()
    settings = folder / "livekit.json"
    settings.write_text(json.dumps(_settings(config)))
    url = f"http://127.0.0.1:{config.livekit_port}"
    try:
        processes.start("livekit-server", [str(BINARY), "--config", str(settings)], {})
        processes.wait_until_up("livekit-server", url)
        yield replace(config, real_livekit=(url, _API_KEY, _API_SECRET), web_only=True)
    finally:
        processes.stop()


def _settings(config: StackConfig) -> dict[str, object]:
    """Return the server's configuration; it is written as JSON, which is valid YAML."""
    return {
        "port": config.livekit_port,
        "bind_addresses": ["127.0.0.1"],
        "keys": {_API_KEY: _API_SECRET},
        "rtc": {
            "node_ip": "127.0.0.1",
            "tcp_port": 0,
            "port_range_start": 50_000,
            "port_range_end": 50_200,
            "use_external_ip": False,
            "interfaces": {"includes": ["lo"]},
            "enable_loopback_candidate": True,
            "stun_servers": ["127.0.0.1:3478"],
        },
        "webhook": {"api_key": _API_KEY, "urls": [f"{config.api_url}/livekit/webhook"]},
        "logging": {"level": "info"},
    }
