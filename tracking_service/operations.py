"""How a responder declares itself: what it takes, what it answers, who may call; `openapi` tells the world the same.

The declaration does the reading, checking and writing of JSON, so that what is documented is what happens. Bodies are
bounded. Paths belong to `management`.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import falcon
import falcon.asgi
from pydantic import BaseModel, ConfigDict, ValidationError

from tracking_service.problems import Problem, invalid

Access = Literal["key", "key_optional", "webhook", "anyone"]
JSON_MEDIA_TYPES = ("application/json", "application/merge-patch+json")
BODY_LIMIT_BYTES = 64 * 1024
Responder = Callable[..., Awaitable[BaseModel | None]]


class Payload(BaseModel):
    """What a request carries: an unknown member is an error, not a typing mistake that goes unnoticed."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        summary: a few words.
        description: sentences, from the responder's docstring.
        tag: the noun it belongs to.
        access: who may call it.
        query: model of the query string, if any is taken.
        body: model of the JSON body, if one is taken.
        body_limit_bytes: longer bodies are refused.
        answers: status to the model of the JSON, to a media type, or to None for no content.
        problems: statuses of problems beyond those every operation may answer.
    """

    summary: str
    description: str
    tag: str
    access: Access
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_limit_bytes: int = BODY_LIMIT_BYTES
    answers: Mapping[int, type[BaseModel] | str | None] = field(default_factory=dict)
    problems: tuple[int, ...] = ()


def operation(
    summary: str,
    *,
    tag: str,
    answers: Mapping[int, type[BaseModel] | str | None],
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    body_limit_bytes: int = BODY_LIMIT_BYTES,
    problems: tuple[int, ...] = (),
    access: Access = "key",
) -> Callable[[Responder], Responder]:
    """Declare a Falcon responder; it receives `query` and `body` as checked models and returns what it answers."""

    def declare(responder: Responder) -> Responder:
        declared = Operation(
            summary,
            " ".join((responder.__doc__ or "").split()),
            tag,
            access,
            query,
            body,
            body_limit_bytes,
            answers,
            problems,
        )

        @functools.wraps(responder)
        async def respond(
            resource: object, request: falcon.asgi.Request, response: falcon.asgi.Response, **path: Any
        ) -> None:
            if query is not None:
                path["query"] = _query(request, query)
            elif request.params and access == "key":
                raise Problem(400, f"This call takes no query parameters, but {sorted(request.params)[0]!r} was given.")
            if body is not None:
                path["body"] = await _body(request, body, body_limit_bytes)
            answer = await responder(resource, request, response, **path)
            if answer is not None:
                response.content_type = falcon.MEDIA_JSON
                response.data = answer.model_dump_json(exclude_unset=True).encode()

        respond.operation = declared  # type: ignore[attr-defined]
        return respond

    return declare


async def read_body(request: falcon.asgi.Request, limit_bytes: int) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 where it is longer than the limit; no more than that is read.
    """
    if (request.content_length or 0) <= limit_bytes:
        content = bytearray()
        while len(content) <= limit_bytes and (chunk := await request.stream.read(limit_bytes + 1 - len(content))):
            content += chunk
        if len(content) <= limit_bytes:
            return bytes(content)
    raise Problem(413, f"The body may hold at most {limit_bytes} bytes.", headers={"connection": "close"})


def _query(request: falcon.asgi.Request, model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate(request.params)
    except ValidationError as error:
        raise invalid(400, "query", error) from None


async def _body(request: falcon.asgi.Request, model: type[BaseModel], limit_bytes: int) -> BaseModel:
    if (request.content_type or "").partition(";")[0].strip().lower() not in JSON_MEDIA_TYPES:
        raise Problem(415, "The body must be JSON: set Content-Type to application/json.")
    content = await read_body(request, limit_bytes)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        not_json = any(item["type"] == "json_invalid" for item in error.errors(include_url=False))
        raise invalid(400 if not_json else 422, "body", error) from None
