"""Declarations of routes, from which both the router and the OpenAPI document are made.

A route is declared once, by a decorator of its handler. The handler itself is part of the declaration:

- Its name in camel case is the operation's id.
- The first paragraph of its docstring is the summary, the others are the description.
- Parameters called `body`, `changes`, `query` and `idempotency_key` receive those parts of the request,
  the positional ones the path's parameters. The return type is the response's model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cache, cached_property
from importlib import import_module
from typing import Any, TypedDict, TypeVar, Unpack, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from trunkline.core.errors import NotFound
from trunkline.core.validation import InputModel, validated_query
from trunkline.http_api.request import Request
from trunkline.http_api.responses import Reply

Handler = TypeVar("Handler", bound=Callable[..., Any])
_PARAMETER = re.compile(r"{(\w+)}")
_SEGMENT = r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]{1,128}"
"""A path's parameter: the characters of RFC 3986, 3.3, and some that clients do not escape.

It becomes part of a key: a sort key has at most 1024 bytes, a character at most four. Source:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""


class Declaration(TypedDict, total=False):
    """The parts of a route's declaration that its handler does not have; see `Route`."""

    scope: str | None
    status: int
    returns: str
    body_required: bool
    body_schema: type[BaseModel]
    idempotent: bool
    public: bool
    live_only: bool
    records_refusals_of: str
    errors: dict[int, str]
    example: Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """A route of an API.

    `scope` is the right that its caller needs, None for any caller; a `public` route authenticates its
    callers itself. `returns` describes the response. `body_schema` documents a body that the handler reads
    itself, or that holds only the fields to change. An `idempotent` route takes an `Idempotency-Key`; a
    `live_only` one refuses test keys. `records_refusals_of` names the source whose refused calls are kept.
    `errors` are texts by HTTP status, `example` is an example of the body.
    """

    method: str
    path: str
    handler: Callable[..., Any] = field(repr=False)
    response: Any
    _: KW_ONLY
    body: type[InputModel] | None = None
    changes: bool = False
    query: type[InputModel] | None = None
    takes_idempotency_key: bool = False
    parameter_patterns: Mapping[str, str] = field(default_factory=dict)
    operation_id: str
    summary: str
    description: str = ""
    scope: str | None = None
    status: int = 200
    returns: str = "Success."
    body_required: bool = True
    body_schema: type[BaseModel] | None = None
    idempotent: bool = False
    public: bool = False
    live_only: bool = False
    records_refusals_of: str = ""
    errors: dict[int, str] = field(default_factory=dict)
    example: Mapping[str, Any] | None = None

    @property
    def path_parameters(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return _PARAMETER.findall(self.path)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        patterns = self.parameter_patterns
        return re.compile(_PARAMETER.sub(lambda name: f"({patterns.get(name[1], _SEGMENT)})", self.path))

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """Return the values of the path's parameters, or None if the route is another."""
        found = self._pattern.fullmatch(path) if method == self.method else None
        return found.groups() if found else None

    def arguments(self, request: Request) -> dict[str, Any]:
        """Parse the parts of a request that the handler takes.

        Raises:
            InvalidRequest, RequestTooLarge: the body or the query is not valid.
        """
        arguments: dict[str, Any] = {}
        if self.body:
            is_default = not (self.body_required or request.body)
            arguments["body"] = self.body() if is_default else request.parse_body(self.body)
        if self.changes:
            arguments["changes"] = request.parse_object()
        if self.query:
            arguments["query"] = validated_query(self.query, request.query)
        return arguments


class RouteGroup:
    """The routes that one module declares."""

    def __init__(self, *, not_found: str = "", parameter_patterns: Mapping[str, str] | None = None) -> None:
        """`not_found` is the text of 404 for every path with a parameter, unless a route has its own;
        `parameter_patterns` are regular expressions of path parameters that are not just any text."""
        self.routes: list[Route] = []
        self._not_found = not_found
        self._patterns = parameter_patterns or {}

    def add(self, route: Route) -> None:
        """Add a route, with the group's text of 404 if it has none."""
        if self._not_found and route.path_parameters:
            route = replace(route, errors={404: self._not_found, **route.errors})
        self.routes.append(route)

    def get(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[Handler], Handler]:
        """Declare a GET route."""
        return self._declare("GET", path, declaration)

    def post(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[Handler], Handler]:
        """Declare a POST route; it is idempotent unless it says otherwise."""
        return self._declare("POST", path, {"idempotent": True, **declaration})

    def put(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[Handler], Handler]:
        """Declare a PUT route."""
        return self._declare("PUT", path, declaration)

    def patch(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[Handler], Handler]:
        """Declare a PATCH route."""
        return self._declare("PATCH", path, declaration)

    def delete(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[Handler], Handler]:
        """Declare a DELETE route."""
        return self._declare("DELETE", path, declaration)

    def _declare(self, method: str, path: str, declaration: Declaration) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler)
            response = hints["return"]
            summary, *description = _paragraphs(handler.__doc__ or "")
            route = Route(
                method,
                path,
                handler,
                get_args(response)[0] if get_origin(response) is Reply else response,
                body=hints.get("body"),
                changes="changes" in hints,
                query=hints.get("query"),
                takes_idempotency_key="idempotency_key" in hints,
                parameter_patterns=self._patterns,
                operation_id=_camel_case(handler.__name__),
                summary=summary,
                description=" ".join(description),
                **declaration,
            )
            self.add(route)
            return handler

        return declare


def _paragraphs(docstring: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in docstring.split("\n\n")]


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


@dataclass(frozen=True)
class RouteIndex:
    """Finds the route of a request; imports only the modules that declare routes of its resource.

    `modules` are names of modules of `package` by the resource, which is a segment of the path. Each module
    has its routes in `group`.
    """

    package: str
    segment: int
    modules: Mapping[str, Sequence[str]]

    def find(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the values of its path's parameters.

        Raises:
            NotFound: there is no such route.
        """
        segments = request.path.split("/")
        resource = segments[self.segment] if len(segments) > self.segment else ""
        for route in _routes(self.package, tuple(self.modules.get(resource, ()))):
            values = route.match(request.method, request.path)
            if values is not None:
                return route, values
        raise NotFound("Route not found")

    def all(self) -> list[Route]:
        """Import every module and return all routes in the order of their declaration."""
        names = dict.fromkeys(name for names in self.modules.values() for name in names)
        return [route for name in names for route in import_module(f"{self.package}.{name}").group.routes]


@cache
def _routes(package: str, modules: tuple[str, ...]) -> list[Route]:
    """Return the routes of some modules, those with fewer parameters first: `/calls/outbound` is no id."""
    found = [route for name in modules for route in import_module(f"{package}.{name}").group.routes]
    return sorted(found, key=lambda route: len(route.path_parameters))
