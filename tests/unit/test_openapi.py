"""The OpenAPI document: current, and with every route there is."""

from __future__ import annotations

import re

from functions.api.handler import app
from local.openapi.document import FILE, as_text, document


def test_the_committed_document_is_current() -> None:
    assert FILE.read_text() == as_text(), "run `make openapi`"


def test_every_route_is_documented_and_every_documented_one_is_there() -> None:
    routes = {
        (route.method.lower(), re.sub(r"<\w+>", "{}", str(route.path)))
        for route in [*app._static_routes, *app._dynamic_routes]
    }
    documented = {
        (method, re.sub(r"{\w+}", "{}", path))
        for path, methods in document()["paths"].items()
        for method in methods
    }
    assert routes == documented
