"""A LiveKit of a tenant's own: a stand-in beside the deployment's, and what its webhooks say."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
from livekit.api import LiveKitAPI
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo

from local.config import ROOT
from local.processes import port_is_free
from local.stack import Stack
from tests.support import http
from tests.support.polling import poll

PORTS = range(9500, 10_000)
"""Of those that the local stage lets through."""


@dataclass
class OwnLiveKit:
    """A stand-in beside the deployment's, with keys of its own."""

    url: str
    key: str
    secret: str
    invite_log: Path
    process: subprocess.Popen[bytes]

    def wish(self, **changes: str) -> dict[str, str]:
        return {"url": self.url, "api_key": self.key, "api_secret": self.secret} | changes

    def invites(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.invite_log.read_text().splitlines()]


@contextmanager
def own_livekit(api_url: str, folder: Path) -> Iterator[OwnLiveKit]:
    """Run a stand-in while the block runs; its webhooks go to the deployment."""
    port = next(port for port in random.sample(PORTS, len(PORTS)) if port_is_free(port))
    key, secret = f"own{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    log = folder / "own-invites.jsonl"
    words = ["--port", str(port), "--api-key", key, "--api-secret", secret, "--invite-log", str(log)]
    words += [
        "--webhook-url",
        f"{api_url}/livekit/webhook",
        "--api-url",
        api_url,
        "--talking-agent",
        "own-agent",
    ]
    python = str(ROOT / ".venv" / "bin" / "python")
    process = subprocess.Popen([python, "-m", "local.livekit", *words], cwd=ROOT)
    made = OwnLiveKit(f"http://127.0.0.1:{port}", key, secret, log, process)
    try:
        _wait_until_up(made.url)
        yield made
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def _wait_until_up(url: str) -> None:
    def is_up() -> bool:
        try:
            return http.get(url).is_success
        except httpx.TransportError:
            return False

    poll(is_up, bool)


async def create_sip_trunk(livekit: tuple[str, str, str], name: str, numbers: list[str]) -> str:
    """Create a SIP trunk in a LiveKit project (URL, key, secret), and return its id."""
    async with LiveKitAPI(*livekit) as api:
        info = SIPOutboundTrunkInfo(name=name, address="carrier.test", numbers=numbers)
        request = CreateSIPOutboundTrunkRequest(trunk=info)
        return str((await api.sip.create_outbound_trunk(request)).sip_trunk_id)


def end_news(stack: Stack, own: OwnLiveKit, room: str) -> httpx.Response:
    """Send a webhook of this project: a callee left the room."""
    participant = {
        "sid": "PA_1",
        "identity": "callee-1",
        "kind": "SIP",
        "disconnectReason": "CLIENT_INITIATED",
    }
    participant |= {"attributes": {"sip.callStatus": "hangup"}}  # type: ignore[dict-item]
    event = {"event": "participant_left", "room": {"name": room}, "participant": participant, "id": "EV_x"}
    body = json.dumps(event).encode()
    now_s = int(time.time())
    claims = {"iss": own.key, "nbf": now_s, "exp": now_s + 300}
    claims |= {"sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
    headers = {"Authorization": jwt.encode(claims, own.secret, "HS256")}
    return http.post(f"{stack.config.api_url}/livekit/webhook", content=body, headers=headers)
