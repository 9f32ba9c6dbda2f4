"""The five routes of a kind of thing that tenants keep: list, make, read, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.validation import InputModel
from trunkline.http_api.responses import deleted

from .access import Asked, asked
from .answers import json_response

Spec_contra = TypeVar("Spec_contra", bound=InputModel, contravariant=True)
Spec = TypeVar("Spec", bound=InputModel)


class Desk(Protocol[Spec_contra]):
    """Keeps the things of one kind."""

    def list(self, principal: Principal) -> Any: ...
    def get(self, principal: Principal, name: str) -> Any: ...
    def create(self, principal: Principal, spec: Spec_contra) -> Any: ...
    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> Any: ...
    def delete(self, principal: Principal, name: str) -> None: ...


def crud_routes(path: str, spec: type[Spec], desk: Callable[[], Desk[Spec]]) -> APIGatewayHttpRouter:
    """Make the routes under `/api/v1/<path>`, with the scopes of its name; the desk is built at the first
    request."""
    router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
    read, write = Scope(f"{path}:read"), Scope(f"{path}:write")
    many, one = f"/api/v1/{path}", f"/api/v1/{path}/<name>"

    def who(scope: Scope) -> Asked:
        return asked(router.current_event, scope)

    @router.get(many)
    def list_all() -> Response[str]:
        return json_response(200, desk().list(who(read).principal))

    @router.post(many)
    def create() -> Response[str]:
        asking = who(write)
        wish = asking.body(spec)
        return asking.made(path, wish, lambda: desk().create(asking.principal, wish))

    @router.get(one)
    def get(name: str) -> Response[str]:
        return json_response(200, desk().get(who(read).principal, name))

    @router.patch(one)
    def change(name: str) -> Response[str]:
        asking = who(write)
        return json_response(200, desk().change(asking.principal, name, asking.object()))

    @router.delete(one)
    def delete(name: str) -> Response[str]:
        desk().delete(who(write).principal, name)
        return json_response(200, deleted(name))

    return router
