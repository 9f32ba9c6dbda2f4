"""Boundary to the LiveKit SDK: bounded answers, and one error whatever the SDK or the server does.

A tenant's own LiveKit may answer anything. The SDK reads any amount, unpacks it, and fails in ways of its
own on answers that are not in LiveKit's form, so nothing of it passes this module unchecked.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from livekit.api import ServerError
from livekit.api.twirp_client import ServerErrorCode

MAX_ANSWER_BYTES = 1024 * 1024
"""A room with a thousand participants is a quarter of it."""

MAX_TEXT = 1_000
"""Characters that are kept of a text; the rest is cut before anything else looks at it."""

_SIP_STATUS = range(100, 700)

TWIRP_CODES = frozenset(
    value for name, value in vars(ServerErrorCode).items() if name.isupper() and isinstance(value, str)
) | {"data_loss"}
"""Source: https://twitchtv.github.io/twirp/docs/spec_v7.html#error-codes, and the SDK's own spelling."""

UNAUTHENTICATED = ServerErrorCode.UNAUTHENTICATED
"""The code of a refusal of the project's own credentials."""

_T = TypeVar("_T")


class AnswerTooLarge(Exception):
    """The answer is longer than `MAX_ANSWER_BYTES`; the rest was not read."""


class BoundedResponse(aiohttp.ClientResponse):
    """Response of which at most `MAX_ANSWER_BYTES` are read.

    The session asks for no compression and unpacks nothing, so that the bound is also that of the memory.
    """

    async def read(self) -> bytes:
        """Read the whole body.

        Raises:
            AnswerTooLarge: the connection is closed.
        """
        if self._body is None:
            body = bytearray()
            async for chunk in self.content.iter_any():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    self.close()
                    raise AnswerTooLarge
            self._body = bytes(body)
        return await super().read()


class LiveKitUnavailable(Exception):
    """LiveKit refused a request, or did not confirm it in time.

    `code` is the Twirp code of a refusal, `timed_out` says that no answer came at all.
    """

    def __init__(self, cause: str, *, code: str = "", timed_out: bool = False) -> None:
        super().__init__(cause)
        self.code = code
        self.timed_out = timed_out


@dataclass(frozen=True)
class Refusal:
    """An error answer of the server, with every field checked and cut."""

    http_status: int
    code: str
    message: str
    sip_status_code: int | None
    sip_status: str


def refusal_of(error: ServerError) -> Refusal:
    """Read an error of the SDK, whose fields are whatever JSON the server sent.

    LiveKit refuses an unknown key and a wrong signature with a 401 in plain text, which has no code.
    """
    meta: dict[str, Any] = error.metadata if isinstance(error.metadata, dict) else {}
    code = error.code if isinstance(error.code, str) and error.code in TWIRP_CODES else "unknown"
    if error.status == HTTPStatus.UNAUTHORIZED:
        code = UNAUTHENTICATED
    return Refusal(
        error.status,
        code,
        cut_text(error.message),
        _sip_status_code(meta.get("sip_status_code")),
        cut_text(meta.get("sip_status")),
    )


async def confirmed(request: Awaitable[_T]) -> _T:
    """Await a request to LiveKit.

    The cause never contains the server's text, which for an expired token is the token.

    Raises:
        LiveKitUnavailable: the request may or may not have been carried out.
    """
    try:
        return await request
    except LiveKitUnavailable:
        raise
    except ServerError as error:
        refusal = refusal_of(error)
        raise LiveKitUnavailable(f"{refusal.code} ({refusal.http_status})", code=refusal.code) from error
    except Exception as error:
        raise LiveKitUnavailable(type(error).__name__, timed_out=isinstance(error, TimeoutError)) from error


def cut_text(value: object) -> str:
    """Return the beginning of a text from outside; anything else is empty."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _sip_status_code(value: object) -> int | None:
    """Read a final SIP status; LiveKit sends it as text."""
    digits = cut_text(value)
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) == len("486") else None
    return number if number in _SIP_STATUS else None
