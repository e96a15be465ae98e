"""Towns in files: truths written by others, or kept from an earlier rehearsal, as JSON Lines.

One line is one business with the fields of `truth.Business`; `docs/town.md` describes them. What the fields mean to the
servers and visitors is not decided here.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from leadgen_assets.rehearsal.town_names import SOCIAL_HOST, TLD
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS

_businesses = TypeAdapter(Business)
_FIELDS = frozenset(field.name for field in dataclasses.fields(Business))
_WITHOUT_OWN_HOST = frozenset({"none", "social_only"})
_NEEDED_COLUMNS = ("source", "source_id", "name", "city", "country")


class TownFileError(ValueError):
    """The file does not describe a town; one sentence with the line's number."""


def read_town(path: Path) -> list[Business]:
    """The businesses of a file, in its order.

    Raises:
        TownFileError: if the file cannot be read, is empty, or a line is no valid business.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TownFileError(f"The town file {path} cannot be read: {error}.") from None
    businesses: list[Business] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            business = _business(line)
            for name in _names_of(business):
                if name in seen:
                    raise ValueError(f"{name} is already used by line {seen[name]}")
                seen[name] = number
        except ValueError as error:
            raise TownFileError(f"Line {number} of the town file {path} is not usable: {_reason(error)}.") from None
        businesses.append(business)
    if not businesses:
        raise TownFileError(f"The town file {path} describes no business.")
    return businesses


def write_town(path: Path, businesses: Iterable[Business]) -> None:
    """Write businesses so that `read_town` gives the same ones again."""
    lines = (json.dumps(dataclasses.asdict(business), ensure_ascii=False, default=str) for business in businesses)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _business(line: str) -> Business:
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")
    unknown = sorted(fields.keys() - _FIELDS)
    if unknown:
        raise ValueError(f"there is no field {unknown[0]}")
    business = _businesses.validate_python(fields, strict=False)
    record = {column: business.record.get(column) for column in PLACE_FILE_COLUMNS}
    _check_record(business.record, record)
    business = dataclasses.replace(business, record=record)
    _check_names(business)
    _check_mail(business)
    return business


def _check_record(given: dict[str, Any], record: dict[str, Any]) -> None:
    unknown = sorted(given.keys() - record.keys())
    if unknown:
        raise ValueError(f"record has no column {unknown[0]}")
    for column in _NEEDED_COLUMNS:
        if not record[column] or not isinstance(record[column], str):
            raise ValueError(f"record.{column} is missing")
    for column, limit in (("lat", 90), ("lon", 180)):
        degrees = record[column]
        if isinstance(degrees, bool) or not isinstance(degrees, int | float) or not -limit <= degrees <= limit:
            raise ValueError(f"record.{column} must be degrees between -{limit} and {limit}")
    for column, value in record.items():
        if column not in {"lat", "lon"} and value is not None and not isinstance(value, str):
            raise ValueError(f"record.{column} must be text or null")


def _check_names(business: Business) -> None:
    _check_host(business)
    if business.listed_website != business.record["website"]:
        raise ValueError("listed_website and record.website must be the same")
    if business.site_host and not business.site_host.endswith(f".{TLD}"):
        raise ValueError(f"site_host must end in .{TLD}")
    listed = business.listed_website
    for url in filter(None, (listed, business.record["facebook"])):
        host = urlsplit(url if "://" in url else f"http://{url}").hostname or ""
        if not host.endswith(f".{TLD}") and host not in {SOCIAL_HOST, SOCIAL_HOST.removeprefix("www.")}:
            raise ValueError(f"{url} is neither under .{TLD} nor on {SOCIAL_HOST}")
    for key in business.source_keys:
        source, _, name = key.partition(":")
        kind, _, number = name.partition("/")
        if not (source == "google" and name) and not (source == "osm" and kind in {"node", "way"} and number.isdigit()):
            raise ValueError(f"source key {key} is neither google:<id> nor osm:node/<number> nor osm:way/<number>")
    if not business.source_keys:
        raise ValueError("source_keys is empty, so no source would list it")


def _check_host(business: Business) -> None:
    if business.site_kind in _WITHOUT_OWN_HOST and business.site_host:
        raise ValueError(f"a business with site_kind {business.site_kind} has no site_host")
    if business.site_quirk not in {"none", "wildcard_dns"} and not business.site_host:
        raise ValueError(f"site_quirk {business.site_quirk} needs a site_host")
    if business.site_kind not in _WITHOUT_OWN_HOST and not business.site_host:
        raise ValueError(f"site_kind {business.site_kind} needs a site_host")


def _check_mail(business: Business) -> None:
    for name in ("email", "reply_address"):
        address = getattr(business, name)
        if address is not None and (address.count("@") != 1 or not address.endswith(f".{TLD}")):
            raise ValueError(f"{name} must be an address under .{TLD}")
    if (business.email is None) != (business.email_on == "nowhere" and business.mailbox == "none"):
        raise ValueError("email, email_on and mailbox must all name an address or all none")
    published = business.email if business.email_on == "record" else None
    if business.record["email"] != published:
        raise ValueError("record.email must be the email if email_on is record, else null")


def _names_of(business: Business) -> Sequence[str]:
    """What may occur once in a town only."""
    return [business.key, *business.source_keys, *filter(None, (business.site_host, business.email))]


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}".rstrip(".")
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON ({error.msg} at column {error.colno})"
    return str(error)
