"""The OpenAPI document, complete: what FastAPI knows, and how every operation can fail.

What does not live here: descriptions of operations and models, which stand beside them.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from server.edge.api.idempotency import KEY_PATTERN
from server.edge.api.models import FieldError, Problem
from server.edge.problems import MEDIA_TYPE

REFUSALS = {
    400: "The request does not decode.",
    401: "No credential, or one that is not valid (any more).",
    403: "You may see this, but not do it.",
    404: "There is no such thing, or it is not yours to see.",
    409: "It exists already, or does not go together with what is there.",
    412: "It has changed since you read it.",
    413: "Over a limit on size.",
    422: "Understood, but not acceptable.",
    428: "Say what you expect, in If-Match.",
    429: "Too many requests; Retry-After says when to come back.",
    500: "Something went wrong here; request_id names it in our log.",
    503: "Out of service for a moment; Retry-After says when to come back.",
}
ALWAYS = (422, 429, 500, 503)
"""May happen to every operation."""
WITH_CREDENTIALS = (401, 403)
WITH_A_BODY = (400, 413)
WITH_A_KEY = (409,)

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this request: repeated with the same key and credential within a day, "
    "it is not done again, and the first answer is given. 409 while the first is running.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 257, "pattern": KEY_PATTERN},
}

_REF = "#/components/schemas/"

Responses = dict[int | str, dict[str, Any]]
"""As FastAPI's ``responses`` are typed."""


def refusals(*statuses: int) -> Responses:
    """``responses=`` of an operation that can fail in these ways besides those that all can."""
    return {status: {"description": REFUSALS[status]} for status in statuses}


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """A maker of the document, in place of FastAPI's own; it is made once."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app))
        return made

    return openapi


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        servers=app.servers,
        tags=app.openapi_tags,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, FieldError):
        schemas[model.__name__] = _schema(model)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return document


def _schema(model: type[Problem] | type[FieldError]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REF + "{model}")
    schema.pop("$defs", None)
    return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    common = [*ALWAYS]
    if operation.get("security"):
        common += WITH_CREDENTIALS
    if "requestBody" in operation:
        common += WITH_A_BODY
    if operation.get("security") and method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        common += WITH_A_KEY
    responses |= {str(status): {"description": REFUSALS[status]} for status in common}
    for status, response in responses.items():
        if status[0] in "45":
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": _REF + "Problem"}}}
            if status in {"429", "503"}:
                response["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    operation["responses"] = dict(sorted(responses.items()))
