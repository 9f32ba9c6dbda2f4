"""Ids and cursors that nobody was given: 404 and 400, before the table sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.agent_api.routes import ROUTES as AGENT_ROUTES
from functions.api.routes import ROUTES
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.http_api.request import Request
from trunkline.http_api.routing import Route

BY_ID = [route for route in (*ROUTES.all(), *AGENT_ROUTES.all()) if route.path_parameters]
FORM = r"BATCH#[0-9]{12}"


@pytest.mark.parametrize("route", BY_ID, ids=lambda route: route.operation_id)
@pytest.mark.parametrize("name", ["x" * 1500, "é" * 129])
def test_a_long_id_is_no_route(route: Route, name: str) -> None:
    path = route.path
    for parameter in route.path_parameters:
        path = path.replace(f"{{{parameter}}}", name)
    index = ROUTES if path.startswith("/api/") else AGENT_ROUTES
    with pytest.raises(NotFound):
        index.find(Request(route.method, path, "id"))


def test_a_cursor_of_the_list_is_its_position() -> None:
    assert decode_cursor(encode_cursor("BATCH#001700000000"), FORM) == "BATCH#001700000000"


@pytest.mark.parametrize(
    "position", ["", "TOOL#a", "BATCH#", "BATCH#1", "BATCH#001700000000x", "BATCH#001700000000\n", "~" * 3000]
)
def test_a_forged_position_does_not_leave_the_list(position: str) -> None:
    with pytest.raises(InvalidRequest, match=MESSAGE) as refused:
        decode_cursor(encode_cursor(position), FORM)
    assert refused.value.field == "cursor"


@given(st.text())
def test_any_text_is_a_cursor_or_our_error(text: str) -> None:
    with pytest.raises(InvalidRequest, match=MESSAGE):
        decode_cursor(text, FORM)
