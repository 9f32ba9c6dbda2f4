"""A typed client of Trunkline's API, for threads and for asyncio.

    with Trunkline("https://api.example.com", "as_live_…") as trunkline:
        call = trunkline.create_call({"workflow_slug": "onboarding", "user_id": "user-123"})
        ended = trunkline.wait_until_ended(call["call_id"])
        print(ended["status"], ended["reason_text"])

Bodies and responses are dictionaries, and `trunkline_client.models` has their types.
"""

from trunkline_client import models
from trunkline_client._generated.version import VERSION
from trunkline_client.client import AsyncTrunkline, Trunkline, WaitTimeout
from trunkline_client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NoResponse,
    NotFound,
    ServerError,
    TooManyRequests,
    TrunklineError,
    Unauthorized,
)
from trunkline_client.retries import Retries
from trunkline_client.webhooks import InvalidSignature, verify_webhook

__version__ = VERSION

__all__ = [
    "ApiError",
    "AsyncTrunkline",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "InvalidSignature",
    "NoResponse",
    "NotFound",
    "Retries",
    "ServerError",
    "TooManyRequests",
    "Trunkline",
    "TrunklineError",
    "Unauthorized",
    "WaitTimeout",
    "__version__",
    "models",
    "verify_webhook",
]
