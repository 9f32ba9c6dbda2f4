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

_NO_BATCH = {404: "No such batch."}
_WRONG_STATE = {
    409: "The batch's state does not allow it, or another request changed the batch in the meantime."
}
_NO_LIVEKIT = {500: "LiveKit is not configured."}

group = RouteGroup()


@group.post(
    "/api/v1/batches",
    operation_id="createBatch",
    summary="Create a batch: up to 100,000 calls from one template, with rows in the request or uploaded.",
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
    return batch_service().create(request.principal, body)


@group.get(
    "/api/v1/batches",
    operation_id="listBatches",
    summary="List your batches, newest first.",
    scope=Scope.BATCHES_READ,
)
def list_batches(request: ApiRequest, query: BatchQuery) -> BatchList:
    return batch_service().page(request.principal, query)


@group.get(
    "/api/v1/batches/{batch_id}",
    operation_id="getBatch",
    summary="Read a batch: its progress, the outcomes of its calls, and when it is expected to finish.",
    scope=Scope.BATCHES_READ,
    errors=_NO_BATCH,
)
def get_batch(request: ApiRequest, batch_id: str) -> BatchView:
    return batch_service().get(request.principal, batch_id)


@group.post(
    "/api/v1/batches/{batch_id}/start",
    operation_id="startBatch",
    summary="Start a batch whose rows are uploaded, or were checked by a dry run.",
    scope=Scope.BATCHES_WRITE,
    errors={400: "The upload is too large, or its time has run out."}
    | _NO_BATCH
    | _WRONG_STATE
    | _NO_LIVEKIT,
)
def start_batch(request: ApiRequest, batch_id: str) -> BatchView:
    return batch_service().start(request.principal, batch_id)


@group.post(
    "/api/v1/batches/{batch_id}/pause",
    operation_id="pauseBatch",
    summary="Pause a batch: within seconds no more of its calls are dialled; calls in progress continue.",
    scope=Scope.BATCHES_WRITE,
    idempotent=False,
    errors=_NO_BATCH | _WRONG_STATE,
)
def pause_batch(request: ApiRequest, batch_id: str) -> BatchView:
    return batch_service().pause(request.principal, batch_id, paused=True)


@group.post(
    "/api/v1/batches/{batch_id}/resume",
    operation_id="resumeBatch",
    summary="Resume a paused batch.",
    scope=Scope.BATCHES_WRITE,
    idempotent=False,
    errors=_NO_BATCH | _WRONG_STATE,
)
def resume_batch(request: ApiRequest, batch_id: str) -> BatchView:
    return batch_service().pause(request.principal, batch_id, paused=False)


@group.post(
    "/api/v1/batches/{batch_id}/cancel",
    operation_id="cancelBatch",
    summary="Cancel every call of a batch that does not ring yet, and stop its import.",
    scope=Scope.BATCHES_WRITE,
    idempotent=False,
    errors=_NO_BATCH | CONFLICT,
)
def cancel_batch(request: ApiRequest, batch_id: str) -> BatchView:
    return batch_service().cancel(request.principal, batch_id)


@group.get(
    "/api/v1/batches/{batch_id}/results",
    operation_id="listBatchResults",
    summary="List the outcome of each row: its call, or why it has none.",
    scope=Scope.BATCHES_READ,
    errors=_NO_BATCH,
)
def list_results(request: ApiRequest, batch_id: str, query: ResultQuery) -> BatchRowList:
    return batch_service().rows(request.principal, batch_id, query)


@group.post(
    "/api/v1/batches/{batch_id}/export",
    operation_id="exportBatchResults",
    summary="Start an export of the results as CSV.",
    scope=Scope.BATCHES_READ,
    idempotent=False,
    errors=_NO_BATCH | _WRONG_STATE,
)
def export_results(request: ApiRequest, batch_id: str) -> ExportView:
    return batch_service().export(request.principal, batch_id)


@group.get(
    "/api/v1/batches/{batch_id}/export",
    operation_id="getBatchExport",
    summary="Read the state of the export, and once it is complete a link that is valid for an hour.",
    scope=Scope.BATCHES_READ,
    errors=_NO_BATCH,
)
def get_export(request: ApiRequest, batch_id: str) -> ExportView:
    return batch_service().exported(request.principal, batch_id)


@group.delete(
    "/api/v1/batches/{batch_id}",
    operation_id="deleteBatch",
    summary="Delete a batch and its files; its calls remain.",
    scope=Scope.BATCHES_WRITE,
    errors=_NO_BATCH | {409: "Some of its calls have not ended: cancel it first."},
)
def delete_batch(request: ApiRequest, batch_id: str) -> Deleted:
    batch_service().delete(request.principal, batch_id)
    return deleted(batch_id)
