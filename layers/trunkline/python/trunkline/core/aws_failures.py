"""Which failures of AWS pass by themselves: it did not respond in time, throttled, or had an error."""

from __future__ import annotations

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from trunkline.core.errors import TransientError

_SERVER_ERROR = 500
_TRANSIENT_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Codes that the SDK's standard mode retries; an error that a handler sees has outlived these retries.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""


def is_transient(error: Exception) -> bool:
    """Tell whether the same request may succeed a little later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or error.response.get("Error", {}).get("Code") in _TRANSIENT_CODES
    return isinstance(error, ConnectionError | HTTPClientError | TransientError)
