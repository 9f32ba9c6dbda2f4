"""Signed webhooks, sent as LiveKit sends them: in order within a room, with retries after 1, 2, 4 and 8 s."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import logging
import time
from http import HTTPStatus

import aiohttp
from google.protobuf.json_format import MessageToJson
from livekit.api import AccessToken
from livekit.protocol.webhook import WebhookEvent

from local.livekit.ids import new_id

_RETRY_DELAYS_S = (1, 2, 4, 8)
_MAX_QUEUED_S = 30
_TOKEN_TTL = datetime.timedelta(minutes=5)
log = logging.getLogger("livekit.webhooks")


class WebhookSender:
    """A queue for each room; events that waited for more than 30 s are dropped."""

    def __init__(self, urls: list[str], api_key: str, api_secret: str, max_concurrent: int = 1) -> None:
        self.urls = urls
        self._api_key = api_key
        self._api_secret = api_secret
        self._queues: dict[str, asyncio.Queue[tuple[float, WebhookEvent]]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        # A burst would start function instances of the emulator, each with 70 MB and a second of unpacking.
        self._semaphore = asyncio.Semaphore(max_concurrent)
        self.session: aiohttp.ClientSession | None = None
        self.delay_s = 0.0
        """How long each room's webhooks wait, as behind a slow answer; `createdAt` stays right."""
        self.tells_tracks = False
        """Whether track_published and track_unpublished are sent, too."""

    def send(self, event: WebhookEvent) -> None:
        """Queue an event after the earlier ones of its room."""
        event.id = new_id("EV")
        event.created_at = int(time.time())
        room = event.room.name
        if room not in self._queues:
            self._queues[room] = asyncio.Queue()
            worker = asyncio.create_task(self._send_queued(room))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        self._queues[room].put_nowait((time.monotonic(), event))

    def drop_queued(self) -> None:
        """Lose the events that wait, as a server that is killed does."""
        for queue in self._queues.values():
            while not queue.empty():
                queue.get_nowait()
                queue.task_done()

    async def flush(self, room: str) -> None:
        """Wait until the webhooks of a room so far have been delivered or given up."""
        if queue := self._queues.get(room):
            await queue.join()

    async def _send_queued(self, room: str) -> None:
        queue = self._queues[room]
        while not queue.empty():
            queued_at, event = await queue.get()
            await asyncio.sleep(max(0.0, queued_at + self.delay_s - time.monotonic()))
            if time.monotonic() - queued_at < _MAX_QUEUED_S + self.delay_s:
                await asyncio.gather(*(self._deliver(url, event) for url in self.urls))
            queue.task_done()
        del self._queues[room]

    async def _deliver(self, url: str, event: WebhookEvent) -> None:
        body = MessageToJson(event, indent=None).encode()
        for wait_s in (*_RETRY_DELAYS_S, None):
            if await self._post(url, body):
                return
            if wait_s is None:
                log.warning("webhook %s %s failed after all retries", event.event, event.id)
                return
            await asyncio.sleep(wait_s)

    async def _post(self, url: str, body: bytes) -> bool:
        sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
        token = AccessToken(self._api_key, self._api_secret).with_sha256(sha256).with_ttl(_TOKEN_TTL)
        headers = {"Content-Type": "application/webhook+json", "Authorization": token.to_jwt()}
        if self.session is None:
            self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        try:
            async with self._semaphore, self.session.post(url, data=body, headers=headers) as response:
                return response.status < HTTPStatus.MULTIPLE_CHOICES
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Stop sending."""
        for worker in self._workers:
            worker.cancel()
        if self.session:
            await self.session.close()
