"""Leaving some place records out of an answer as it was captured. Reading them belongs to the clients."""

from collections.abc import Callable
from typing import Any

KeyTest = Callable[[str], bool]


def without_places(source: str, payload: dict[str, Any], unwanted: KeyTest) -> tuple[dict[str, Any], int]:
    """The payload of a capture of `places` without some records, and how many were left out.

    Args:
        source: google, osm or file.
        payload: as captured.
        unwanted: tells by the place key, `<source>:<source_id>`.
    """
    if source == "google":
        answer, field, key = payload["answer"], "places", _google_key
    elif source == "osm":
        answer, field, key = payload["answer"], "elements", _osm_key
    else:
        answer, field, key = payload, "rows", _row_key
    records = answer.get(field) or []
    kept = [record for record in records if not unwanted(key(record))]
    if len(kept) == len(records):
        return payload, 0
    changed = answer | {field: kept}
    return (changed if answer is payload else payload | {"answer": changed}), len(records) - len(kept)


def _google_key(record: dict[str, Any]) -> str:
    return f"google:{record.get('id')}"


def _osm_key(record: dict[str, Any]) -> str:
    return f"osm:{record.get('type')}/{record.get('id')}"


def _row_key(record: dict[str, Any]) -> str:
    return f"{record.get('source')}:{record.get('source_id')}"
