"""Configuration of a local stack: its folder, its ports and its LiveKit."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = "local"
REGION = "us-east-1"
DEMO_SIP_CPS = 5
_SERVER_PORTS = range(20_000, 30_000)
_LIVEKIT_VARIABLES = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


@dataclass(frozen=True)
class StackConfig:
    """The configuration of one local stack.

    `real_livekit` is (URL, API key, API secret), or None to use the stand-in. `web_only` is for a LiveKit
    without SIP: the demo gets no trunk and no phone workflow. With `checks_iam` the emulator evaluates IAM:
    functions have only the permissions of their roles. `users` is how many use the stack at the same time:
    the limits that keep it small on a developer's machine grow with it.
    """

    folder: Path
    api_port: int
    emulator_port: int
    livekit_port: int
    real_livekit: tuple[str, str, str] | None = None
    web_only: bool = False
    checks_iam: bool = False
    users: int = 1

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def livekit(self) -> tuple[str, str, str]:
        """URL, API key and API secret of the LiveKit in use."""
        return self.real_livekit or (f"http://127.0.0.1:{self.livekit_port}", "devkey", "secret" * 6)

    @property
    def invite_log(self) -> Path:
        return self.folder / "invites.jsonl"

    @property
    def stack_file(self) -> Path:
        return self.folder / "stack.json"

    def aws_environment(self) -> dict[str, str]:
        """Return the environment variables that send all AWS requests to the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.emulator_url,
            "AWS_ENDPOINT_URL_S3": self.emulator_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def from_environment(environ: Mapping[str, str] = os.environ) -> StackConfig:
    """Return the configuration of `make run`: ports from TRUNKLINE_*_PORT, a real LiveKit from LIVEKIT_*."""
    livekit = tuple(environ.get(name, "") for name in _LIVEKIT_VARIABLES)
    return StackConfig(
        folder=ROOT / ".local",
        api_port=int(environ.get("TRUNKLINE_API_PORT", "8080")),
        emulator_port=int(environ.get("TRUNKLINE_EMULATOR_PORT", "4566")),
        livekit_port=int(environ.get("TRUNKLINE_LIVEKIT_PORT", "7880")),
        real_livekit=(livekit[0], livekit[1], livekit[2]) if all(livekit) else None,
    )


def for_tests(name: str, *, checks_iam: bool = False, users: int = 1) -> StackConfig:
    """Return the configuration of a further stack: free ports, its own folder, the stand-in."""
    api_port, emulator_port, livekit_port = free_ports(3)
    folder = ROOT / ".local" / name
    return StackConfig(folder, api_port, emulator_port, livekit_port, checks_iam=checks_iam, users=users)


def free_ports(count: int) -> list[int]:
    """Return distinct free loopback ports, below the range that the system assigns to clients.

    Between the choice of a port and its use no connection of another program can take it.
    """
    ports: list[int] = []
    for port in random.sample(_SERVER_PORTS, len(_SERVER_PORTS)):  # other processes choose at the same time
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            break
    return ports
