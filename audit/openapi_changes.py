"""Changes of the API that break clients of the last release, found by comparing two OpenAPI documents. Pure.

A request may take more than before, and a response may have more fields. A new value of a closed set in a
response breaks nothing: clients must expect values that they do not know (docs/upgrade.md). oasdiff has the
same rules, but is a Go program: https://github.com/oasdiff/oasdiff/blob/main/docs/BREAKING-CHANGES.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Schema = Mapping[str, Any]
Direction = Literal["request", "response"]
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_TEXTS = {"description", "summary", "title", "tags", "example", "examples", "headers"}
_ALTERNATIVES = re.compile(r"\^\(([\w|]+)\)\$")


class Change(NamedTuple):
    """A change that breaks clients: the rule that it breaks, where, and how."""

    rule: str
    location: str
    message: str


def breaking_changes(old: Schema, new: Schema) -> list[Change]:
    """Compare two documents."""
    return list(dict.fromkeys(_Comparison(old, new).changes()))


def without_texts(value: Any, *, are_names: bool = False) -> Any:
    """Return a document without texts and examples: what is compared, a fifth of the whole.

    Keys are names of fields if `are_names` is true: a field may be called `description`.
    """
    if isinstance(value, list):
        return [without_texts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_texts(each, are_names=key == "properties" and not are_names)
        for key, each in value.items()
        if are_names or key not in _TEXTS
    }


class _Comparison:
    """Walks the old document, with the new one beside it."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, Direction]] = set()

    def changes(self) -> Iterator[Change]:
        for path, methods in self._old["paths"].items():
            for method, operation in methods.items():
                where, now = f"{method.upper()} {path}", self._new["paths"].get(path, {}).get(method)
                if now is None:
                    yield Change("operation-removed", where, "the operation does not exist any more")
                else:
                    yield from self._operation(operation, now, where)
        for kind, methods in self._old.get("webhooks", {}).items():
            now = self._new.get("webhooks", {}).get(kind)
            if now is None:
                yield Change("webhook-removed", kind, "the event is not sent any more")
            else:
                yield from self._contents(methods["post"]["requestBody"], now["post"]["requestBody"], kind)

    def _operation(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        if old["operationId"] != new["operationId"]:
            yield Change("operation-id", where, f"{old['operationId']} is now {new['operationId']}")
        yield from self._parameters(old.get("parameters", ()), new.get("parameters", ()), where)
        yield from self._body(old.get("requestBody"), new.get("requestBody"), where)
        for status, response in old["responses"].items():
            if status in new["responses"]:
                yield from self._contents(response, new["responses"][status], f"{where} {status}")
            elif status.startswith("2"):
                yield Change("response-removed", where, f"{status} is not answered any more")

    def _parameters(self, old: Any, new: Any, where: str) -> Iterator[Change]:
        before = {(each["in"], each["name"]): each for each in old}
        now = {(each["in"], each["name"]): each for each in new}
        for key, parameter in before.items():
            if key not in now:
                yield Change("parameter-removed", where, f"{key[1]} is not taken any more")
            else:
                place = f"{where} {key[1]}"
                yield from self._schema(parameter["schema"], now[key]["schema"], place, "request")
        for key, parameter in now.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield Change("parameter-required", where, f"{key[1]} is required")

    def _body(self, old: Schema | None, new: Schema | None, where: str) -> Iterator[Change]:
        if old is None or new is None:
            if old or (new and new.get("required")):
                yield Change("body", where, "a body is taken no more" if old else "a body is required")
            return
        if new.get("required") and not old.get("required"):
            yield Change("body", where, "a body is required")
        yield from self._schema(_media(old), _media(new), where, "request")

    def _contents(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if "content" in old and "content" in new:
            yield from self._schema(_media(old), _media(new), where, "response")

    def _schema(self, old: Schema, new: Schema, where: str, direction: Direction) -> Iterator[Change]:
        key = (old.get("$ref", ""), new.get("$ref", ""), direction)
        if all(key):
            if key in self._seen:
                return
            self._seen.add(key)
            where = str(old["$ref"]).rpartition("/")[2]
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        compare = _request_changes if direction == "request" else _response_changes
        yield from compare(old, new, where)
        yield from self._inner(old, new, where, direction)

    def _inner(self, old: Schema, new: Schema, where: str, direction: Direction) -> Iterator[Change]:
        fields = new.get("properties", {})
        for name, value in old.get("properties", {}).items():
            if name in fields:
                yield from self._schema(value, fields[name], f"{where}.{name}", direction)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), Mapping) and isinstance(new.get(part), Mapping):
                yield from self._schema(old[part], new[part], where, direction)
        options = {_kind(option): option for option in _options(new)}
        for option in _options(old):
            # Without alternatives it is the schema itself, which was compared.
            if _kind(option) in options and option is not old:
                yield from self._schema(option, options[_kind(option)], where, direction)
        yield from _kind_changes(old, new, where, direction)


def _kind_changes(old: Schema, new: Schema, where: str, direction: Direction) -> Iterator[Change]:
    """Tell which types a request may no longer have, and which a response may now have."""
    before, now = ({_kind(option) for option in _options(each)} for each in (old, new))
    wanted, allowed = (before, now) if direction == "request" else (now, before)
    if "any" in allowed:
        return
    allowed |= {"integer"} if "number" in allowed else set()
    verb = "is not taken any more" if direction == "request" else "is answered now"
    for kind in sorted(wanted - allowed):
        yield Change(f"{direction}-type", where, f"{kind} {verb}")


def _request_changes(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    before, now = _values(old), _values(new)
    if now is not None and (before is None or not before <= now):
        gone = ", ".join(sorted(before - now)) if before else "any other value"
        yield Change("request-values", where, f"{gone} is not taken any more")
    if now is None and new.get("pattern") not in (None, old.get("pattern")):
        yield Change("request-pattern", where, f"must match {new['pattern']}")
    for limit in (*_UPPER, *_LOWER):
        if _is_tighter(limit, old.get(limit), new.get(limit)):
            yield Change("request-limit", where, f"{limit} is {new[limit]}")
    for name in set(old.get("properties", ())) - set(new.get("properties", ())):
        yield Change("request-field-removed", where, f"{name} is not taken any more")
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield Change("request-field-required", where, f"{name} is required")


def _response_changes(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    fields = set(new.get("properties", ()))
    for name in set(old.get("properties", ())) - fields:
        yield Change("response-field-removed", where, f"{name} is gone")
    for name in (set(old.get("required", ())) - set(new.get("required", ()))) & fields:
        yield Change("response-field-optional", where, f"{name} may be missing")


def _is_tighter(limit: str, old: float | None, new: float | None) -> bool:
    if new is None or old is None:
        return new is not None
    return new < old if limit in _UPPER else new > old


def _media(part: Schema) -> Schema:
    schema: Schema = part["content"]["application/json"]["schema"]
    return schema


def _resolved(schema: Schema, document: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    _, *path = str(schema["$ref"]).split("/")
    found = document
    for name in path:
        found = found[name]
    return found


def _options(schema: Schema) -> list[Schema]:
    found: list[Schema] = list(schema.get("anyOf") or schema.get("oneOf") or [schema])
    return found


def _kind(schema: Schema) -> str:
    """Return what a value is: a type of JSON, the name of a schema, or any."""
    return str(schema.get("$ref", schema.get("type", "any"))).rpartition("/")[2]


def _values(schema: Schema) -> set[str] | None:
    """Return the closed set of values, None if there is none; a pattern of alternatives is such a set."""
    if "enum" in schema:
        return set(map(str, schema["enum"]))
    found = _ALTERNATIVES.fullmatch(schema.get("pattern", ""))
    return set(found[1].split("|")) if found else None
