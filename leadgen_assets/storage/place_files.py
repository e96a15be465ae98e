"""Reading files of place records, Parquet or CSV, and cleaning what no column may hold.

Only what is impossible is mended here (control characters, coordinates off the globe, a number as city, a phone without
digits, an address without an @, a second row of one id). What a phone number or a URL means is decided in `domain`.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from leadgen_assets.storage.place_oddities import odd_rows
from leadgen_assets.storage.schemas import PLACE_FILE_COLUMNS

REQUIRED_COLUMNS = ("source_id", "name")

_NUMBERS = ("lat", "lon")
_LENGTHS = {
    "source": 40,
    "source_id": 200,
    "name": 255,
    "category": 100,
    "city": 100,
    "website": 2000,
    "opening_hours": 500,
}
_LENGTH = 255
_FEWEST_DIGITS = 3  # of a telephone number, such as a short code
# Control characters and invisible marks that reorder text; joiners stay, because emoji and several scripts need them.
_UNSEEN = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+"
_NOTHING = ["null", "none", "nan", "n/a", "na", "-", "--", "?", "unknown"]
_DEFAULT_SOURCE = "file"


class PlaceFileError(Exception):
    """The file cannot be used; one sentence that names the file and what to mend."""


def packaged_sample() -> Path:
    """The file of real businesses that comes with the product; its licence is in the README beside it."""
    return Path(__file__).parents[1] / "samples" / "helsinki.parquet"


def read_place_file(path: Path, on_odd: Callable[[str], None] | None = None) -> pl.DataFrame:
    """The usable records of a file, in file order.

    Args:
        path: a Parquet or CSV file (comma, semicolon or tab; UTF-8) with PLACE_FILE_COLUMNS. `source_id` and `name`
            are required, others may be missing, further ones are ignored.
        on_odd: is told, in a sentence each, which values are dropped and which rows are left out.

    Returns:
        A frame with exactly PLACE_FILE_COLUMNS, `lat` and `lon` as floats in degrees, the rest text, null where absent.
        Rows without id or name are left out, and every row but the first of one `source` and `source_id`.

    Raises:
        PlaceFileError: if the file is missing, unreadable, lacks a required column, or holds no usable record.
    """
    try:
        raw = _read(path)
    except FileNotFoundError:
        raise PlaceFileError(f"The places file {path} does not exist.") from None
    except (OSError, UnicodeError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PlaceFileError(
            f"The places file {path} is not a readable Parquet or CSV file ({reason[:200]})."
        ) from None
    found = {name.strip().strip("\ufeff").casefold(): name for name in reversed(raw.columns)}
    missing = [name for name in REQUIRED_COLUMNS if name not in found]
    if missing:
        raise PlaceFileError(f"The places file {path} has no column {' and no column '.join(missing)}.")
    chosen = raw.select(_column(raw, found.get(name), name) for name in PLACE_FILE_COLUMNS)
    chosen = chosen.with_row_index("row")
    cleaned = _without_impossible_values(chosen)
    records = _one_row_each(cleaned)
    if records.is_empty():
        raise PlaceFileError(f"The places file {path} holds no record with a source_id and a name.")
    if on_odd is not None:
        # the header is a CSV's first line; a value over several lines would count as one
        for sentence in odd_rows(chosen, cleaned, records, first=1 if path.suffix.lower() == ".parquet" else 2):
            on_odd(sentence)
    return records.drop("row")


def clean_records(frame: pl.DataFrame) -> pl.DataFrame:
    """The records without what their columns cannot hold; see the module's docstring.

    Args:
        frame: has PLACE_FILE_COLUMNS, all text; `lat` and `lon` may be floats; other columns stay as they are.
    """
    return _one_row_each(_without_impossible_values(frame))


def _one_row_each(frame: pl.DataFrame) -> pl.DataFrame:
    usable = frame.drop_nulls(list(REQUIRED_COLUMNS))
    return usable.unique(["source", "source_id"], keep="first", maintain_order=True)


def _without_impossible_values(frame: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name in PLACE_FILE_COLUMNS if name not in _NUMBERS]
    frame = frame.with_columns(_text(name) for name in texts).with_columns(_degrees(name) for name in _NUMBERS)
    nowhere = (pl.col("lat").abs() < 1e-6) & (pl.col("lon").abs() < 1e-6)  # what a failed geocoder writes
    placeless = pl.col("lat").is_null() | pl.col("lon").is_null() | nowhere
    letters = pl.col("city").str.contains(r"\p{L}")
    country = pl.col("country").str.to_uppercase().replace("UK", "GB")
    return frame.with_columns(
        *(pl.when(placeless).then(None).otherwise(pl.col(name)).alias(name) for name in _NUMBERS),
        pl.when(letters).then(pl.col("city")).alias("city"),
        pl.when(country.str.contains(r"^[A-Z]{2}$")).then(country).alias("country"),
        pl.when(pl.col("phone").str.count_matches(r"\d") >= _FEWEST_DIGITS).then(pl.col("phone")).alias("phone"),
        pl.when(pl.col("email").str.contains(r"[^@\s]@[^@\s]+\.[^@\s]")).then(pl.col("email")).alias("email"),
        pl.col("source").fill_null(_DEFAULT_SOURCE),
    )


def _read(path: Path) -> pl.DataFrame:
    with path.open("rb") as file:
        start = file.read(65536)
    if start[:4] == b"PAR1":
        return pl.read_parquet(path)
    if not start.strip():
        raise pl.exceptions.NoDataError("it is empty")
    header = start.splitlines()[0]
    if b"\x00" in header:
        raise pl.exceptions.ComputeError("it holds binary data")
    separator = max(",;\t", key=lambda sign: header.count(sign.encode()))
    return pl.read_csv(path, separator=separator, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)


def _column(raw: pl.DataFrame, found: str | None, name: str) -> pl.Expr:
    if found is None:
        return pl.lit(None, dtype=pl.String).alias(name)
    column, kind = pl.col(found), raw.schema[found]
    if isinstance(kind, pl.List) and not isinstance(kind.inner, (pl.List, pl.Struct, pl.Array)):
        column = column.list.first()
    elif kind.is_nested() or kind == pl.Object:
        return pl.lit(None, dtype=pl.String).alias(name)
    return column.cast(pl.String, strict=False).alias(name)


def _text(name: str) -> pl.Expr:
    text = pl.col(name).str.replace_all(_UNSEEN, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    text = text.str.slice(0, _LENGTHS.get(name, _LENGTH)).str.strip_chars()
    nothing = (text == "") if name == "name" else text.str.to_lowercase().is_in(["", *_NOTHING])
    return pl.when(nothing).then(None).otherwise(text).alias(name)


def _degrees(name: str) -> pl.Expr:
    limit = 90 if name == "lat" else 180
    number = (
        pl.col(name)
        .cast(pl.String)
        .str.strip_chars()
        .str.replace(",", ".", literal=True)
        .cast(pl.Float64, strict=False)
    )
    return pl.when(number.is_finite() & number.is_between(-limit, limit)).then(number).alias(name)
