"""The routes under `/api/v1/suppressions`, and `/api/v1/number-rules`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.compliance.service import (
    NumberRulesSpec,
    NumberRulesView,
    Suppressed,
    SuppressionList,
    Suppressions,
    SuppressionView,
)
from trunkline.http_api.responses import Deleted

_READ, _WRITE = "rules:read", "rules:write"
_NOT_THERE = {"404": "The number is not on the list."}

RULES = (
    Route(
        "get",
        "/api/v1/suppressions",
        "listSuppressions",
        "List the numbers that are not called.",
        _READ,
        SuppressionList,
        query={"limit": "1 to 1000; default 100.", "cursor": "The `next_cursor` of the page before."},
    ),
    Route(
        "post",
        "/api/v1/suppressions",
        "suppressNumbers",
        "Have numbers called no more, until a moment or for good.",
        _WRITE,
        Suppressed,
        status=201,
        means="They are on the list.",
        takes=Suppressions,
        more="It counts for the next request, and for calls that wait: they fail as `suppressed`.",
    ),
    Route(
        "get",
        "/api/v1/suppressions/{number}",
        "getSuppression",
        "Look whether a number is on the list.",
        _READ,
        SuppressionView,
        more="The leading + may be left out.",
        errors=_NOT_THERE,
    ),
    Route(
        "delete",
        "/api/v1/suppressions/{number}",
        "releaseNumber",
        "Take a number from the list.",
        _WRITE,
        Deleted,
        errors=_NOT_THERE,
    ),
    Route(
        "get",
        "/api/v1/number-rules",
        "getNumberRules",
        "Read which prefixes are called, and how often a number.",
        _READ,
        NumberRulesView,
    ),
    Route(
        "put",
        "/api/v1/number-rules",
        "putNumberRules",
        "Say which prefixes are called, and how often a number.",
        _WRITE,
        NumberRulesView,
        takes=NumberRulesSpec,
        more="The longest prefix that fits counts. It counts within a minute, also for calls that wait. "
        "Emergency and premium-rate numbers are never called. Calls over `frequency_cap` wait until their "
        "number may be rung again (`called_too_often`), or are refused if they end before that.",
    ),
)
