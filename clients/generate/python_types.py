"""Python types of JSON Schemas: a `TypedDict` for each object, and a type expression for each field. Pure.

Source: JSON Schema 2020-12, https://json-schema.org/draft/2020-12/json-schema-validation, as far as the
OpenAPI document uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from clients.generate.document import Schema, UnsupportedDocument, model_name

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def type_of(schema: Schema, prefix: str = "") -> str:
    """Return the type expression of a schema; names of models begin with `prefix`.

    Formats stay texts: the client passes on what the API sends.

    Raises:
        UnsupportedDocument: the schema says something else.
    """
    if "$ref" in schema:
        return prefix + model_name(schema)
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return union(type_of(each, prefix) for each in schema[alternatives])
    if "type" not in schema:
        return "Any"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return union(_type_of_kind(kind, schema, prefix) for kind in kinds)


def union(types: Iterable[str]) -> str:
    """Join types, each of them once."""
    return " | ".join(dict.fromkeys(types))


def _type_of_kind(kind: str, schema: Schema, prefix: str) -> str:
    if kind == "array":
        return f"list[{type_of(schema.get('items', {}), prefix)}]"
    if kind == "object":
        return f"dict[str, {_values_of(schema, prefix)}]"
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    raise UnsupportedDocument(f"a schema of type {kind}")


def _values_of(schema: Schema, prefix: str) -> str:
    """Return the type of the values of an object that may have any names."""
    if schema.get("properties"):
        raise UnsupportedDocument(f"an object with fields inside of another: {sorted(schema['properties'])}")
    values = [*schema.get("patternProperties", {}).values()]
    if isinstance(schema.get("additionalProperties"), Mapping):
        values.append(schema["additionalProperties"])
    return union(type_of(each, prefix) for each in values) or "Any"


def docstring(text: str, indent: str) -> str:
    """Return a text as a docstring."""
    escaped = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    lines = escaped.splitlines() or [""]
    if len(lines) == 1:
        return f'{indent}"""{escaped}"""'
    body = [indent + line if line else "" for line in lines[1:]]
    return "\n".join([f'{indent}"""{lines[0]}', *body, f'{indent}"""'])


def render_models(models: Mapping[str, Schema]) -> Iterator[str]:
    """Write each model: first the names of types, which others may use, then the objects."""
    objects = {name: schema for name, schema in models.items() if schema.get("properties")}
    for name, schema in models.items():
        if name not in objects:
            yield f"{name}: TypeAlias = {type_of(schema)}"
    for name, schema in objects.items():
        yield "\n\n" + "\n".join(_typed_dict(name, schema))


def _typed_dict(name: str, schema: Schema) -> Iterator[str]:
    yield f"class {name}(TypedDict):"
    if schema.get("description"):
        yield docstring(schema["description"], "    ") + "\n"
    required = set(schema.get("required", ()))
    for field, each in schema["properties"].items():
        if not field.isidentifier():
            raise UnsupportedDocument(f"{name} has a field {field!r}")
        wanted = type_of(each)
        yield f"    {field}: {wanted if field in required else f'NotRequired[{wanted}]'}"
        if each.get("description"):
            yield docstring(each["description"], "    ")
