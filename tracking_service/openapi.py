"""The OpenAPI 3.1 document and the page for readers, both made from what the responders declare.

Hits and unsubscriptions, which are no JSON calls, are described here by hand; a test holds the document complete.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tracking_service.openapi_page import PAGE_POLICY, page
from tracking_service.operations import JSON_MEDIA_TYPES, Operation
from tracking_service.problems import PROBLEM_MEDIA_TYPE, ProblemDetails

_METHODS = ("get", "post", "patch")
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_REFERENCE = "#/components/schemas/{model}"
_PATH_WORDS = {"date": "YYYY-MM-DD, or today."}
_HTML = {"description": "A page for people.", "content": {"text/html": {"schema": {"type": "string"}}}}
_TOKEN = {
    "name": "token",
    "in": "path",
    "required": True,
    "description": "Signed by us; stands in the mail.",
    "schema": {"type": "string"},
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "key": [{"apiKey": []}],
    "key_optional": [{}, {"apiKey": []}],
    "webhook": [{"bearer": []}, {"basic": []}],
    "anyone": [],
}
_PUBLIC: dict[str, dict[str, Any]] = {
    "/track/open/{token}": {
        "get": {
            "summary": "Open pixel",
            "description": "A transparent pixel, always, also for a token that we did not sign.",
            "operationId": "open_pixel",
            "tags": ["Tracking"],
            "security": [],
            "parameters": [_TOKEN],
            "responses": {"200": {"description": "The pixel.", "content": {"image/gif": {}}}},
        }
    },
    "/track/click/{token}": {
        "get": {
            "summary": "Click redirect",
            "description": "Leads to the destination inside the token, never to one from the query.",
            "operationId": "click_redirect",
            "tags": ["Tracking"],
            "security": [],
            "parameters": [_TOKEN],
            "responses": {
                "302": {
                    "description": "To the signed destination.",
                    "headers": {"Location": {"schema": {"type": "string"}}},
                },
                "404": _HTML,
            },
        }
    },
    "/unsubscribe/{token}": {
        "get": {
            "summary": "The page that asks",
            "description": "Changes nothing.",
            "operationId": "unsubscribe_page",
            "tags": ["Tracking"],
            "security": [],
            "parameters": [_TOKEN],
            "responses": {"200": _HTML, "404": _HTML},
        },
        "post": {
            "summary": "Unsubscribe",
            "description": "RFC 8058 one-click, or the button of the page; the body is not read.",
            "operationId": "unsubscribe",
            "tags": ["Tracking"],
            "security": [],
            "parameters": [_TOKEN],
            "responses": {"200": _HTML, "404": _HTML, "503": _HTML},
        },
    },
}


def build_document(routes: Mapping[str, object]) -> dict[str, Any]:
    """The OpenAPI document of these routes, path template to resource."""
    declared = [(path, method, found) for path, resource in routes.items() for method, found in _operations(resource)]
    references, schemas = _schemas([found for _, _, found in declared])
    paths: dict[str, dict[str, Any]] = {}
    for path, method, found in declared:
        shown = _PARAMETER.sub(r"{\1}", path)
        paths.setdefault(shown, {})[method] = _described(path, method, found, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadgen",
            "version": "1",
            "description": "Management API and webhooks. Every error is problem details (RFC 9457). Times are UTC.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths | _PUBLIC,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "BREVO_WEBHOOK_TOKEN."},
                "basic": {"type": "http", "scheme": "basic", "description": "BREVO_WEBHOOK_TOKEN as the password."},
            },
        },
    }


class Document:
    """`/openapi.json`."""

    def __init__(self, routes: Mapping[str, object]) -> None:
        self._content = cache(lambda: json.dumps(build_document(routes)).encode())

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """The document."""
        response.content_type = falcon.MEDIA_JSON
        response.data = self._content()


class Page:
    """`/docs`."""

    def __init__(self, routes: Mapping[str, object]) -> None:
        self._content = cache(lambda: page(build_document(routes)))

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """The page."""
        response.content_type = falcon.MEDIA_HTML
        response.set_header("content-security-policy", PAGE_POLICY)
        response.data = self._content()


def _operations(resource: object) -> Iterator[tuple[str, Operation]]:
    for method in _METHODS:
        found = getattr(getattr(resource, f"on_{method}", None), "operation", None)
        if found is not None:
            yield method, found


def _schemas(operations: list[Operation]) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    models: dict[Any, None] = {(ProblemDetails, "serialization"): None}
    for found in operations:
        models |= {(model, "validation"): None for model in (found.body, found.query) if model}
        models |= {(model, "serialization"): None for model in found.answers.values() if isinstance(model, type)}
    references, schemas = models_json_schema(list(models), ref_template=_REFERENCE)
    return references, schemas["$defs"]


def _described(path: str, method: str, found: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": found.summary,
        "description": found.description,
        "operationId": f"{method}{re.sub(r'[^a-z]+', '_', _PARAMETER.sub('one', path))}",
        "tags": [found.tag],
        "security": _SECURITY[found.access],
        "parameters": [*_path_parameters(path), *_query_parameters(found.query)],
        "responses": {},
    }
    if found.body is not None:
        schema = references[(found.body, "validation")]
        types = JSON_MEDIA_TYPES if method == "patch" else JSON_MEDIA_TYPES[:1]
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in types}}
    for status, answer in found.answers.items():
        described["responses"][str(status)] = _answer(status, answer, references)
    problem = {PROBLEM_MEDIA_TYPE: {"schema": references[(ProblemDetails, "serialization")]}}
    for status in sorted(set(_problems(path, found)) - set(found.answers)):
        described["responses"][str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return described


def _problems(path: str, found: Operation) -> Iterator[int]:
    yield from (400, 500)
    yield from found.problems
    if found.access != "anyone":
        yield from (401, 429, 503)
    if "{" in path:
        yield 404
    if found.body is not None:
        yield from (413, 415, 422)


def _answer(status: int, answer: type[BaseModel] | str | None, references: Mapping[Any, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(answer, str):
        shown["content"] = {answer: {}}
    elif answer is not None:
        shown["content"] = {"application/json": {"schema": references[(answer, "serialization")]}}
    if status in {201, 202}:
        shown["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where to ask again."}}
    return shown


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name, kind in _PARAMETER.findall(path):
        schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema} | (
            {"description": _PATH_WORDS[name]} if name in _PATH_WORDS else {}
        )


def _query_parameters(model: type[BaseModel] | None) -> Iterator[dict[str, Any]]:
    if model is None:
        return
    for name, schema in model.model_json_schema()["properties"].items():
        alternatives = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
        description = schema.pop("description", None)
        schema = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
        if len(alternatives) == 1:
            schema |= alternatives[0]
        elif alternatives:
            schema["anyOf"] = alternatives
        yield {"name": name, "in": "query", "required": False, "schema": schema} | (
            {"description": description} if description else {}
        )
