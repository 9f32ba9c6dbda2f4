"""Routes of batches."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.batches.schemas import (
    BatchList,
    BatchQuery,
    BatchRowList,
    BatchSpec,
    BatchView,
    ExportView,
    ResultQuery,
)
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.batches import batch_service
from ..crud_routes import CONFLICT

_WRONG_STATE = {
    409: "The batch's state does not allow it, or another request changed the batch in the meantime."
}
_NO_LIVEKIT = {500: "LiveKit is not configured."}

group = RouteGroup(not_found="No such batch.")


@group.post(
    "/api/v1/batches",
    scope=Scope.BATCHES_WRITE,
    status=201,
    returns="The batch; if it has no rows, `upload` is where to send them.",
    errors={409: "You have reached your limit of batches, or the Idempotency-Key is in use."} | _NO_LIVEKIT,
    example={
        "name": "appointments",
        "body": {"agentId": "00000000-0000-4000-8000-000000000000", "phoneNumber": "{{row.phone}}"},
        "rows": [{"phone": "+15550100001"}],
    },
)
def create_batch(request: ApiRequest, body: BatchSpec) -> BatchView:
    """Create a batch: up to 100,000 calls from one template, with rows in the request or uploaded."""
    return batch_service().create(request.principal, body)


@group.get("/api/v1/batches", scope=Scope.BATCHES_READ)
def list_batches(request: ApiRequest, query: BatchQuery) -> BatchList:
    """List your batches, newest first."""
    return batch_service().page(request.principal, query)


@group.get("/api/v1/batches/{batch_id}", scope=Scope.BATCHES_READ)
def get_batch(request: ApiRequest, batch_id: str) -> BatchView:
    """Read a batch: its progress, the outcomes of its calls, and when it is expected to finish."""
    return batch_service().get(request.principal, batch_id)


@group.post(
    "/api/v1/batches/{batch_id}/start",
    scope=Scope.BATCHES_WRITE,
    errors={400: "The upload is too large, or its time has run out."} | _WRONG_STATE | _NO_LIVEKIT,
)
def start_batch(request: ApiRequest, batch_id: str) -> BatchView:
    """Start a batch whose rows are uploaded, or were checked by a dry run."""
    return batch_service().start(request.principal, batch_id)


@group.post(
    "/api/v1/batches/{batch_id}/pause",
    scope=Scope.BATCHES_WRITE,
    idempotent=False,
    errors=_WRONG_STATE,
)
def pause_batch(request: ApiRequest, batch_id: str) -> BatchView:
    """Pause a batch: within seconds no more of its calls are dialled; calls in progress continue."""
    return batch_service().pause(request.principal, batch_id, paused=True)


@group.post(
    "/api/v1/batches/{batch_id}/resume",
    scope=Scope.BATCHES_WRITE,
    idempotent=False,
    errors=_WRONG_STATE,
)
def resume_batch(request: ApiRequest, batch_id: str) -> BatchView:
    """Resume a paused batch."""
    return batch_service().pause(request.principal, batch_id, paused=False)


@group.post("/api/v1/batches/{batch_id}/cancel", scope=Scope.BATCHES_WRITE, idempotent=False, errors=CONFLICT)
def cancel_batch(request: ApiRequest, batch_id: str) -> BatchView:
    """Cancel every call of a batch that does not ring yet, and stop its import."""
    return batch_service().cancel(request.principal, batch_id)


@group.get("/api/v1/batches/{batch_id}/results", scope=Scope.BATCHES_READ)
def list_batch_results(request: ApiRequest, batch_id: str, query: ResultQuery) -> BatchRowList:
    """List the outcome of each row: its call, or why it has none."""
    return batch_service().rows(request.principal, batch_id, query)


@group.post(
    "/api/v1/batches/{batch_id}/export",
    scope=Scope.BATCHES_READ,
    idempotent=False,
    errors=_WRONG_STATE,
)
def export_batch_results(request: ApiRequest, batch_id: str) -> ExportView:
    """Start an export of the results as CSV."""
    return batch_service().export(request.principal, batch_id)


@group.get("/api/v1/batches/{batch_id}/export", scope=Scope.BATCHES_READ)
def get_batch_export(request: ApiRequest, batch_id: str) -> ExportView:
    """Read the state of the export, and once it is complete a link that is valid for an hour."""
    return batch_service().exported(request.principal, batch_id)


@group.delete(
    "/api/v1/batches/{batch_id}",
    scope=Scope.BATCHES_WRITE,
    errors={409: "Some of its calls have not ended: cancel it first."},
)
def delete_batch(request: ApiRequest, batch_id: str) -> Deleted:
    """Delete a batch and its files; its calls remain."""
    batch_service().delete(request.principal, batch_id)
    return deleted(batch_id)
