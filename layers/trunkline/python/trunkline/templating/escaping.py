"""Puts values into a request so that each stays in its place: path, query, header, body. Pure.

A value never becomes another path segment, parameter, header or field: it is escaped for where it stands
(RFC 3986 percent-encoding, RFC 9110 field values, JSON, forms, XML), or refused.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape as xml_escape

from trunkline.core.json_text import json_text
from trunkline.egress.headers import is_valid_header_value
from trunkline.templating.size_limits import render_within
from trunkline.templating.templates import (
    Encoding,
    Expression,
    Scope,
    Template,
    TemplateError,
    parse,
    percent_encoded,
    render,
)

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\\]+(?P<end>[/?]|$)")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_BODY = 256 * 1024
JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"


def require_fixed_host(template: Template) -> None:
    """Refuse a URL whose scheme, host or port a value could change.

    Raises:
        TemplateError: a template stands there.
    """
    first = template.parts[0] if template.parts else ""
    origin = _ORIGIN.match(first) if isinstance(first, str) else None
    if origin is None or (not origin["end"] and len(template.parts) > 1):
        raise TemplateError("templates may stand in path and query alone: https://host/… must be written out")


def require_writable(template: Template) -> None:
    """Refuse a header of which the written part can't be in one.

    Raises:
        TemplateError: says so.
    """
    written = "".join(part if isinstance(part, str) else "x" for part in template.parts)
    if not is_valid_header_value(written):
        raise TemplateError("a header's value must be visible ASCII, with spaces inside alone")


def render_url(text: str, scope: Scope) -> str:
    """Render a URL with its values percent-encoded: none adds a segment, a parameter or a fragment.

    Raises:
        TemplateError: a value is missing, or would empty a path segment or make it `.` or `..`.
    """
    template = parse(text)
    require_fixed_host(template)
    in_query = False
    done: list[str] = []
    for part in template.parts:
        if isinstance(part, str):
            in_query = in_query or "?" in part
            done.append(part)
            continue
        value = _encoded(part, scope)
        if not value and not in_query:
            raise TemplateError(f"{part.text} is empty: it would change the path")
        done.append(value)
    rendered = "".join(done)
    if len(template.parts) > 1 and {".", ".."} & set(rendered.partition("?")[0].split("/")):
        raise TemplateError("a value would make a path segment . or ..")
    return rendered


def render_header(text: str, scope: Scope) -> str:
    """Render a header's value.

    Raises:
        TemplateError: a value is missing, or is not visible ASCII (a line break, for example).
    """
    template = parse(text)
    rendered = render(template, scope)
    if not is_valid_header_value(rendered):
        named = ", ".join(each.text for each in template.expressions)
        raise TemplateError(f"the value of {named} can't be in a header: visible ASCII only, or | urlencode")
    return rendered


def render_body(value: Any, content_type: str, scope: Scope) -> bytes:
    """Render a body: a JSON value by default, a form, or text whose values are escaped for its type.

    Raises:
        TemplateError: a value is missing, or does not fit.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not isinstance(value, str) or is_json(kind):
        rendered = render_within(value, scope, MAX_BODY, "the body")
        if kind == FORM_TYPE and isinstance(rendered, dict):
            fields = {name: _field(name, each) for name, each in rendered.items()}
            return urlencode(fields, errors="replace").encode()
        return json_text(rendered).encode()
    if kind == FORM_TYPE:
        return render(parse(value), scope, _as_form).encode("utf-8", "replace")
    if kind.endswith("xml") or kind == "text/html":
        return render(parse(value), scope, _as_xml).encode("utf-8", "replace")
    return render(parse(value), scope).encode("utf-8", "replace")


def is_json(kind: str) -> bool:
    """Return whether a media type is JSON."""
    return kind in ("", JSON_TYPE) or kind.endswith("+json")


def _encoded(expression: Expression, scope: Scope) -> str:
    plain = Template((_unencoded(expression),))
    return percent_encoded(render(plain, scope))


def _unencoded(expression: Expression) -> Expression:
    """Drop `| urlencode`: in a URL every value is encoded once anyway."""
    if expression.encoding is not Encoding.URLENCODE:
        return expression
    return Expression(expression.path, Encoding.PLAIN, expression.default, expression.text)


def _as_form(text: str, expression: Expression) -> str:
    return text if expression.encoding is Encoding.URLENCODE else percent_encoded(text)


def _as_xml(text: str, expression: Expression) -> str:
    if _NO_XML.search(text):
        raise TemplateError(f"{expression.text} has characters that XML can't have")
    return xml_escape(text, {'"': "&quot;", "'": "&apos;"})


def _field(name: str, value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        raise TemplateError(f"{name}: a form's field must be a text, a number or a boolean")
    return value if isinstance(value, str) else json_text(value)


def sample(text: str) -> str:
    """Render a URL with a harmless text in place of each value, to check it before there are values."""
    return "".join(part if isinstance(part, str) else "x" for part in parse(text).parts)
