"""The kinds of value that requests and answers of the API are made of, each with its JSON schema."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

LeadStatus = Literal[
    "discovered", "unknown", "disqualified", "qualified", "unreachable", "no_email", "queued", "email_sent", "opened",
    "clicked", "bounced", "replied", "unsubscribed", "converted", "erased",
]  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BOOLEANS = {"true": True, "false": False}


def iso_day(value: object) -> date:
    """A day written YYYY-MM-DD.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("not a day written YYYY-MM-DD")


def _day_or_today(value: object) -> date | Literal["today"]:
    return "today" if value == "today" else iso_day(value)


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("control characters are not allowed")
    return value


def _boolean(value: object) -> object:
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(iso_day), WithJsonSchema({"type": "string", "format": "date"})]
DayOrToday = Annotated[
    date | Literal["today"],
    BeforeValidator(_day_or_today),
    WithJsonSchema(
        {"anyOf": [{"const": "today"}, {"type": "string", "format": "date"}], "description": "YYYY-MM-DD or today."}
    ),
]
Text = Annotated[str, AfterValidator(_printable)]
Flag = Annotated[bool, BeforeValidator(_boolean), WithJsonSchema({"type": "boolean"})]
PageNumber = Annotated[int, Field(ge=1, le=100_000)]
PageSize = Annotated[int, Field(ge=1, le=200)]


def day_of(value: "date | Literal['today'] | None", today: date) -> date | None:
    """The day that is meant."""
    return today if isinstance(value, str) else value
