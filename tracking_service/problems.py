"""Every error of the API as problem details (RFC 9457): one shape, one media type, nothing about what exists.

Which error applies is decided where the request is read; logging of failures belongs to `management`.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracking_service.guard_headers import GUARD_HEADERS

PROBLEM_MEDIA_TYPE = "application/problem+json"
# For what the framework refuses by itself, without a word.
_DETAILS = {
    404: "There is nothing at this address (ids are UUIDs); the API is described at /api/v1/docs.",
    405: "This address does not take that method; Allow names those that it takes.",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Name of the parameter or member; empty for the whole.")
    message: str


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Always about:blank: the status says what kind of problem it is.")
    title: str
    status: int
    detail: str | None = Field(default=None, description="One sentence that says what to mend.")
    errors: list[FieldError] | None = None


class Problem(falcon.HTTPError):
    """An error answer.

    Args:
        status: HTTP status code.
        detail: one sentence that says what to mend.
        errors: what is wrong, field by field.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(falcon.code_to_http_status(status), description=detail, headers=headers)
        self.errors = list(errors) if errors is not None else None


def invalid(status: int, where: str, error: ValidationError) -> Problem:
    """The problem of a query (400) or body (422) that does not fit its description; values are not repeated."""
    fields = [
        FieldError(field=".".join(map(str, item["loc"])), message=item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return Problem(status, f"The {where} does not fit its description.", errors=fields[:20])


def serialize_problem(request: falcon.asgi.Request, response: falcon.asgi.Response, error: falcon.HTTPError) -> None:
    """Falcon's error serializer: whatever raised, the answer is problem details."""
    code = falcon.http_status_to_code(error.status)
    details: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code}
    if detail := error.description or _DETAILS.get(code):
        details["detail"] = detail
    if isinstance(error, Problem) and error.errors is not None:
        details["errors"] = [item.model_dump() for item in error.errors]
    response.content_type = PROBLEM_MEDIA_TYPE
    response.set_headers(GUARD_HEADERS)
    response.data = json.dumps(details).encode()
