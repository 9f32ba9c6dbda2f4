"""Routes under `/api/v1/batches`."""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.batches.schemas import BatchQuery, BatchSpec, ResultQuery
from trunkline.core.validation import validated_query
from trunkline.http_api.responses import deleted

from .access import Asked, asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _who(scope: Scope) -> Asked:
    return asked(router.current_event, scope)


@router.post("/api/v1/batches")
def create_batch() -> Response[str]:
    who = _who(Scope.BATCHES_WRITE)
    wish = who.body(BatchSpec)
    return who.made("batches", wish, lambda: services().batches.create(who.principal, wish))


@router.get("/api/v1/batches")
def list_batches() -> Response[str]:
    who = _who(Scope.BATCHES_READ)
    query = validated_query(BatchQuery, router.current_event.query_string_parameters)
    return json_response(200, services().batches.page(who.principal, query))


@router.get("/api/v1/batches/<batch_id>")
def get_batch(batch_id: str) -> Response[str]:
    return json_response(200, services().batches.get(_who(Scope.BATCHES_READ).principal, batch_id))


@router.post("/api/v1/batches/<batch_id>/start")
def start_batch(batch_id: str) -> Response[str]:
    who = _who(Scope.BATCHES_WRITE)
    work = partial(services().batches.start, who.principal, batch_id)
    return who.made(f"batches/{batch_id}/start", None, work, 200)


@router.post("/api/v1/batches/<batch_id>/pause")
def pause_batch(batch_id: str) -> Response[str]:
    who = _who(Scope.BATCHES_WRITE)
    return json_response(200, services().batches.pause(who.principal, batch_id, paused=True))


@router.post("/api/v1/batches/<batch_id>/resume")
def resume_batch(batch_id: str) -> Response[str]:
    who = _who(Scope.BATCHES_WRITE)
    return json_response(200, services().batches.pause(who.principal, batch_id, paused=False))


@router.post("/api/v1/batches/<batch_id>/cancel")
def cancel_batch(batch_id: str) -> Response[str]:
    return json_response(200, services().batches.cancel(_who(Scope.BATCHES_WRITE).principal, batch_id))


@router.get("/api/v1/batches/<batch_id>/results")
def list_results(batch_id: str) -> Response[str]:
    who = _who(Scope.BATCHES_READ)
    query = validated_query(ResultQuery, router.current_event.query_string_parameters)
    return json_response(200, services().batches.rows(who.principal, batch_id, query))


@router.post("/api/v1/batches/<batch_id>/export")
def export_results(batch_id: str) -> Response[str]:
    return json_response(200, services().batches.export(_who(Scope.BATCHES_READ).principal, batch_id))


@router.get("/api/v1/batches/<batch_id>/export")
def get_export(batch_id: str) -> Response[str]:
    return json_response(200, services().batches.exported(_who(Scope.BATCHES_READ).principal, batch_id))


@router.delete("/api/v1/batches/<batch_id>")
def delete_batch(batch_id: str) -> Response[str]:
    services().batches.delete(_who(Scope.BATCHES_WRITE).principal, batch_id)
    return json_response(200, deleted(batch_id))
