"""Where the local stack lives: its folder, its ports, and the LiveKit it uses."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = "local"
REGION = "us-east-1"
DEMO_SIP_CPS = 5
_LIVEKIT_VARIABLES = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


@dataclass(frozen=True)
class StackConfig:
    """One local stack. `real_livekit` holds (url, key, secret) where the environment names one; `web_only`
    says that it has no SIP, so that nothing is made that phones. With `checks_iam` the emulator evaluates
    IAM: functions can do what their roles say and no more."""

    folder: Path
    api_port: int
    emulator_port: int
    livekit_port: int
    real_livekit: tuple[str, str, str] | None = None
    web_only: bool = False
    checks_iam: bool = False

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def livekit(self) -> tuple[str, str, str]:
        """URL, API key and secret of the LiveKit in use."""
        return self.real_livekit or (f"http://127.0.0.1:{self.livekit_port}", "devkey", "secret" * 6)

    @property
    def invite_log(self) -> Path:
        return self.folder / "invites.jsonl"

    @property
    def stack_file(self) -> Path:
        return self.folder / "stack.json"

    def aws_environment(self) -> dict[str, str]:
        """What the AWS tools need to talk to the emulator and to nothing else."""
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
    """The stack of `make run`: ports by TRUNKLINE_{API,EMULATOR,LIVEKIT}_PORT, LiveKit by LIVEKIT_*."""
    named = tuple(environ.get(name, "") for name in _LIVEKIT_VARIABLES)
    return StackConfig(
        folder=ROOT / ".local",
        api_port=int(environ.get("TRUNKLINE_API_PORT", "8080")),
        emulator_port=int(environ.get("TRUNKLINE_EMULATOR_PORT", "4566")),
        livekit_port=int(environ.get("TRUNKLINE_LIVEKIT_PORT", "7880")),
        real_livekit=(named[0], named[1], named[2]) if all(named) else None,
    )


def for_tests(name: str, *, checks_iam: bool = False) -> StackConfig:
    """A stack beside the one of `make run`: free ports, a folder of its own, always the stand-in."""
    with socket.socket() as a, socket.socket() as b, socket.socket() as c:
        ports = []
        for each in (a, b, c):
            each.bind(("127.0.0.1", 0))
            ports.append(each.getsockname()[1])
    api_port, emulator_port, livekit_port = ports
    folder = ROOT / ".local" / name
    return StackConfig(folder, api_port, emulator_port, livekit_port, checks_iam=checks_iam)
