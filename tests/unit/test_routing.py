"""What a route's declaration takes from its handler and its group."""

from __future__ import annotations

from typing import Any

from trunkline.http_api.routing import RouteGroup


def _group() -> RouteGroup:
    group = RouteGroup(not_found="No such thing.")

    @group.get("/things/{thing_id}", errors={409: "Busy."})
    def read_thing(request: Any, thing_id: str) -> Any:
        """Read a thing, with a summary that
        takes two lines.

        It is described here,

        in two paragraphs.
        """

    @group.get("/things")
    def list_things(request: Any) -> Any:
        """List things."""

    @group.get("/things/{thing_id}/owner", errors={404: "It has no owner."})
    def get_thing_owner(request: Any, thing_id: str) -> Any:
        """Read a thing's owner."""

    return group


def test_a_handler_names_and_describes_its_operation() -> None:
    route = _group().routes[0]
    assert route.operation_id == "readThing"
    assert route.summary == "Read a thing, with a summary that takes two lines."
    assert route.description == "It is described here, in two paragraphs."


def test_a_group_says_what_is_missing_unless_the_route_says_it() -> None:
    one, many, owner = _group().routes
    assert one.errors == {404: "No such thing.", 409: "Busy."}
    assert many.errors == {}
    assert owner.errors == {404: "It has no owner."}
