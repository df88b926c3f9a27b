"""The description of all calls in OpenAPI 3.1, made from the same table as the calls themselves."""

from functools import cache
from typing import Any

import msgspec

from consent.calls import CALLS, PREFIX, Call, Scope
from consent.wire import JSON, MSGPACK, PROBLEM, STATUSES, Problem

_REF = "#/components/schemas/{name}"
_MISTAKES = (400, 401, 403, 409, 413, 415, 422, 429, 503)
_TITLES = {code.value: status for code, status in STATUSES.items()}


@cache
def description() -> dict[str, Any]:
    """The document; a body is shown in JSON, and its msgpack form is the same."""
    shapes: list[Any] = [Problem]
    for call in CALLS.values():
        shapes += (call.arguments, call.result)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    told = iter(schemas)
    fault = next(told)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The consent service",
            "version": PREFIX.strip("/").rpartition("/")[2],
            "description": "May this mail go to this person now? Every call is a POST; a key opens what its "
            f"scopes name: {', '.join(Scope)}.",
        },
        "servers": [{"url": PREFIX.rstrip("/")}],
        "security": [{"key": []}],
        "paths": {f"/{call.name}": _path(call, next(told), next(told), fault) for call in CALLS.values()},
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(call: Call[Any], arguments: Any, result: Any, fault: Any) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {
            "description": "What it came to.",
            "content": {media: {"schema": result} for media in (JSON, MSGPACK)},
        }
    }
    for status in _MISTAKES:
        codes = ", ".join(code for code, number in _TITLES.items() if number == status)
        answers[str(status)] = {"description": codes, "content": {PROBLEM: {"schema": fault}}}
    return {
        "post": {
            "operationId": call.name,
            "summary": call.says,
            "tags": sorted(call.scopes),
            "requestBody": {
                "required": True,
                "content": {media: {"schema": arguments} for media in (JSON, MSGPACK)},
            },
            "responses": answers,
        }
    }
