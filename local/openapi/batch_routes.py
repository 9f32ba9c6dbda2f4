"""The routes under `/api/v1/batches`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.batches.schemas import BatchList, BatchRowList, BatchSpec, BatchView, ExportView
from trunkline.http_api.responses import Deleted

_READ, _WRITE = "batches:read", "batches:write"
_NO_BATCH = {"404": "No such batch."}
_NOT_NOW = {"409": "The batch is not so far yet, or is over; or another request changed it meanwhile."}
_CANT_CALL = {"500": "There is no LiveKit to call through."}

BATCHES = (
    Route(
        "post",
        "/api/v1/batches",
        "createBatch",
        "Call up to 100,000 numbers by one template: rows with the request, or by an upload.",
        _WRITE,
        BatchView,
        status=201,
        means="The batch; without rows its `upload` says where to put them.",
        takes=BatchSpec,
        errors={"409": "You have as many as you may, or the Idempotency-Key is in use."} | _CANT_CALL,
    ),
    Route(
        "get",
        "/api/v1/batches",
        "listBatches",
        "List your batches, newest first.",
        _READ,
        BatchList,
        query={"limit": "1 to 100, 25 by default.", "cursor": "The `next_cursor` of an earlier answer."},
    ),
    Route(
        "get",
        "/api/v1/batches/{batch_id}",
        "getBatch",
        "Read a batch: how far it is, what came of its calls, and when it will be done.",
        _READ,
        BatchView,
        errors=_NO_BATCH,
    ),
    Route(
        "post",
        "/api/v1/batches/{batch_id}/start",
        "startBatch",
        "Begin a batch whose rows are uploaded, or were checked by a dry run.",
        _WRITE,
        BatchView,
        errors={"400": "The upload is too large, or its time is over."} | _NO_BATCH | _NOT_NOW | _CANT_CALL,
    ),
    Route(
        "post",
        "/api/v1/batches/{batch_id}/pause",
        "pauseBatch",
        "Have no waiting call of it dialled, within seconds; what rings or talks goes on.",
        _WRITE,
        BatchView,
        errors=_NO_BATCH | _NOT_NOW,
        once=False,
    ),
    Route(
        "post",
        "/api/v1/batches/{batch_id}/resume",
        "resumeBatch",
        "Go on with a paused batch.",
        _WRITE,
        BatchView,
        errors=_NO_BATCH | _NOT_NOW,
        once=False,
    ),
    Route(
        "post",
        "/api/v1/batches/{batch_id}/cancel",
        "cancelBatch",
        "Cancel every call of it that does not ring yet, and import no more.",
        _WRITE,
        BatchView,
        errors=_NO_BATCH | {"409": "Another request changed it meanwhile."},
        once=False,
    ),
    Route(
        "get",
        "/api/v1/batches/{batch_id}/results",
        "listBatchResults",
        "See what came of each row: its call, or why there is none.",
        _READ,
        BatchRowList,
        query={
            "limit": "1 to 100, 25 by default.",
            "cursor": "The `next_cursor` of an earlier answer.",
            "only": "`called` or `refused`.",
        },
        errors=_NO_BATCH,
    ),
    Route(
        "post",
        "/api/v1/batches/{batch_id}/export",
        "exportBatchResults",
        "Have the results written as CSV.",
        _READ,
        ExportView,
        errors=_NO_BATCH | _NOT_NOW,
        once=False,
    ),
    Route(
        "get",
        "/api/v1/batches/{batch_id}/export",
        "getBatchExport",
        "Where the results are, once they are written: a link that is good for an hour.",
        _READ,
        ExportView,
        errors=_NO_BATCH,
    ),
    Route(
        "delete",
        "/api/v1/batches/{batch_id}",
        "deleteBatch",
        "Delete a batch and its files; its calls stay.",
        _WRITE,
        Deleted,
        errors=_NO_BATCH | {"409": "Calls of it wait: cancel it first."},
    ),
)
