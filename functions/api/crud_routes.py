"""Makes the five routes of a resource: list, create, read, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.validation import InputModel
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import Route, RouteGroup

from .auth import ApiRequest
from .routes.queries import CursorQuery

Spec_contra = TypeVar("Spec_contra", bound=InputModel, contravariant=True)
Spec = TypeVar("Spec", bound=InputModel)
Errors = dict[int, str]

CONFLICT: Errors = {409: "Another request changed it in the meantime. Read it and try again."}


class CrudService(Protocol[Spec_contra]):
    """The use cases of one resource."""

    def list(self, principal: Principal, cursor: str | None) -> Any: ...
    def get(self, principal: Principal, name: str) -> Any: ...
    def create(self, principal: Principal, spec: Spec_contra) -> Any: ...
    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> Any: ...
    def delete(self, principal: Principal, name: str) -> None: ...


@dataclass(frozen=True)
class Texts:
    """What the OpenAPI document says of one of the routes; `operation_id` if it is not the usual one."""

    summary: str
    description: str = ""
    errors: Errors = field(default_factory=dict)
    returns: str = "Success."
    operation_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CrudResource(Generic[Spec]):
    """A resource with the five routes.

    `name` is the path's segment and the scopes' prefix, `label` the end of the operations' ids in the
    singular, `key` the path's parameter. `created` is the response's model of a POST; `example` and
    `example_change` are bodies of a POST and of a PATCH.
    """

    name: str
    label: str
    key: str
    spec: type[Spec]
    view: type
    list_view: type
    created: type
    service: Callable[[], CrudService[Spec]]
    listing: Texts
    creation: Texts
    reading: Texts
    change: Texts
    deletion: Texts
    example: Mapping[str, Any]
    example_change: Mapping[str, Any]


def add_crud_routes(group: RouteGroup, resource: CrudResource[Spec]) -> None:
    """Add the routes under `/api/v1/<name>` to a group."""
    service = resource.service

    def list_all(request: ApiRequest, query: CursorQuery) -> Any:
        return service().list(request.principal, query.cursor)

    def create(request: ApiRequest, body: Spec) -> Any:
        return service().create(request.principal, body)

    def get(request: ApiRequest, name: str) -> Any:
        return service().get(request.principal, name)

    def change(request: ApiRequest, name: str, changes: Mapping[str, Any]) -> Any:
        return service().change(request.principal, name, changes)

    def delete(request: ApiRequest, name: str) -> Deleted:
        service().delete(request.principal, name)
        return deleted(name)

    read, write = Scope(f"{resource.name}:read"), Scope(f"{resource.name}:write")
    many, one = f"/api/v1/{resource.name}", f"/api/v1/{resource.name}/{{{resource.key}}}"
    label, spec = resource.label, resource.spec
    change_texts = replace(resource.change, errors=CONFLICT | resource.change.errors)
    routes = [
        Route(
            "GET",
            many,
            list_all,
            resource.list_view,
            query=CursorQuery,
            **_common(f"list{label}s", read, resource.listing),
        ),
        Route(
            "POST",
            many,
            create,
            resource.created,
            body=spec,
            status=201,
            idempotent=True,
            example=resource.example,
            **_common(f"create{label}", write, resource.creation),
        ),
        Route("GET", one, get, resource.view, **_common(f"get{label}", read, resource.reading)),
        Route(
            "PATCH",
            one,
            change,
            resource.view,
            changes=True,
            body_schema=spec,
            example=resource.example_change,
            **_common(f"change{label}", write, change_texts),
        ),
        Route("DELETE", one, delete, Deleted, **_common(f"delete{label}", write, resource.deletion)),
    ]
    for route in routes:
        group.add(route)


def _common(operation_id: str, scope: Scope, texts: Texts) -> dict[str, Any]:
    return {
        "operation_id": texts.operation_id or operation_id,
        "scope": scope,
        "summary": texts.summary,
        "description": texts.description,
        "errors": texts.errors,
        "returns": texts.returns,
    }
