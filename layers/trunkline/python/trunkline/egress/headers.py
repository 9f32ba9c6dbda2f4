"""Validation of headers that a tenant may have us send. Pure.

Source: RFC 9110, 5.5 (field values) and 7.6.1 (headers of one connection).
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,8190}[\x21-\x7e])?")
_CONNECTION_HEADERS = re.compile(
    r"(?i)proxy-.*|host|content-(length|encoding)|accept-encoding"
    r"|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect"
)


def is_valid_header_name(name: str) -> bool:
    """Tell whether a name has only letters, digits and hyphens and is not reserved by HTTP."""
    return bool(_NAME.fullmatch(name)) and not _CONNECTION_HEADERS.fullmatch(name)


def is_valid_header_value(value: str) -> bool:
    """Tell whether a value is visible ASCII, without spaces at its ends."""
    return bool(_VALUE.fullmatch(value))
