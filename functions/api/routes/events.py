"""Routes of the events feed."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.event_query import EventQuery
from trunkline.call_control.follow_events import EventList
from trunkline.http_api.routing import RouteGroup
from trunkline.webhooks.payload_schemas import FeedEvent

from ..auth import ApiRequest
from ..bootstrap.webhooks import event_follower

group = RouteGroup(not_found="No such event.")


@group.get(
    "/api/v1/events", scope=Scope.CALLS_READ, returns="A page of events.", errors={404: "No such call."}
)
def list_events(request: ApiRequest, query: EventQuery) -> EventList:
    """List the events of the last 30 days, oldest first, whether or not a webhook receives them.

    To follow the feed, send the `position` of each response as `cursor`, with `wait`: no event is skipped. A
    page may have fewer events than `limit`: continue while there is a `next_cursor`.

    Keys with `trunks:read` see the events of trunks, those with `webhooks:read` the events of webhooks.
    """
    return event_follower().list_events(request.principal, query)


@group.get("/api/v1/events/{event_id}", scope=Scope.CALLS_READ, returns="The event.")
def get_event(request: ApiRequest, event_id: str) -> FeedEvent:
    """Read an event by its id, which webhooks have in the header `webhook-id`.

    An event of a trunk needs `trunks:read`, one of a webhook `webhooks:read`: without it, there is no such
    event.
    """
    return event_follower().get(request.principal, event_id)
