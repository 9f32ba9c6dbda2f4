"""Answers of a LiveKit that does not keep to its protocol."""

from __future__ import annotations

from aiohttp import web

from trunkline.livekit.sdk_boundary import MAX_ANSWER_BYTES


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer with a hundred times as many bytes as a response may have."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(100):
        await answer.write(b" " * MAX_ANSWER_BYTES)
    return answer
