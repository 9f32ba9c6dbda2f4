"""Methods of the Python clients, one for each operation, and one more for each list that has pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clients.generate.document import Operation, Parameter
from clients.generate.python_types import docstring, type_of

_MODELS = "models."
_OF_ONE_PAGE = {"cursor", "wait"}


@dataclass(frozen=True)
class Flavour:
    """How the two clients differ: the names that they use, and what stands before calls."""

    client: str
    sender: str
    keyword: str
    awaits: str
    iterator: str


SYNC = Flavour("Operations", "Sender", "def", "", "Iterator")
ASYNC = Flavour("AsyncOperations", "AsyncSender", "async def", "await ", "AsyncIterator")


def render_client(operations: Iterable[Operation], flavour: Flavour) -> Iterator[str]:
    """Write the class with all methods."""
    yield f"class {flavour.client}({flavour.sender}):"
    yield '    """The operations of the API that an API key may call."""'
    for operation in operations:
        yield "\n" + "\n".join(_method(operation, flavour))
        if operation.item:
            yield "\n" + "\n".join(_iteration(operation, operation.item, flavour))


def _method(operation: Operation, flavour: Flavour) -> Iterator[str]:
    response = _MODELS + operation.response
    yield f"    {flavour.keyword} {operation.name}({_signature(operation, operation.query)}) -> {response}:"
    yield docstring(_text(operation.text, operation.path_parameters, operation.query), "        ")
    yield from _request(operation, operation.query)
    yield f"        response: {response} = {flavour.awaits}self._send(request)"
    yield "        return response"


def _iteration(operation: Operation, item: str, flavour: Flavour) -> Iterator[str]:
    query = tuple(_of_all_pages(operation))
    name = re.sub(r"^[a-z]+", "iterate", operation.name)
    text = f"{operation.text}\n\nReads the pages of `{operation.name}` one after the other."
    yield (f"    def {name}({_signature(operation, query)}) -> {flavour.iterator}[{_MODELS}{item}]:")
    yield docstring(_text(text, operation.path_parameters, query), "        ")
    yield from _request(operation, query)
    yield "        return self._iterate(request)"


def _of_all_pages(operation: Operation) -> Iterator[Parameter]:
    """Leave out what chooses a page, and what waits for its change."""
    names = {each.name for each in operation.query}
    left_out = _OF_ONE_PAGE | ({"after"} if "wait" in names else set())
    return (each for each in operation.query if each.name not in left_out)


def _signature(operation: Operation, query: Iterable[Parameter]) -> str:
    positional = [f"{each.name}: {type_of(each.schema)}" for each in operation.path_parameters]
    named = [
        f"{each.name}: {type_of(each.schema, _MODELS)}" + ("" if each.is_required else " | None = None")
        for each in query
    ]
    if operation.body:
        positional.append(
            f"body: {_MODELS}{operation.body}" + ("" if operation.needs_body else " | None = None")
        )
    if operation.takes_idempotency_key:
        named.append("idempotency_key: str | None = None")
    arguments = ["self", *positional, *(["*", *named] if named else [])]
    return "".join(f"\n        {each}," for each in arguments) + "\n    " if len(arguments) > 1 else "self"


def _request(operation: Operation, query: Iterable[Parameter]) -> Iterator[str]:
    path = re.sub(r"\{(\w+)\}", r"{segment(\1)}", operation.path)
    yield "        request = ApiRequest("
    yield f"            {operation.method!r},"
    yield f"            {'f' if operation.path_parameters else ''}{path!r},"
    pairs = ", ".join(f"{each.name!r}: {each.name}" for each in query)
    if pairs:
        yield f"            query={{{pairs}}},"
    if operation.body:
        yield "            body=body,"
    if operation.takes_idempotency_key:
        yield "            idempotency_key=idempotency_key or new_idempotency_key(),"
    yield "        )"


def _text(text: str, *groups: Iterable[Parameter]) -> str:
    described = [
        f"    {each.name}: {each.description}" for group in groups for each in group if each.description
    ]
    return "\n".join([text, "", "Args:", *described]) if described else text
