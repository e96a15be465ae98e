"""The operator's packages and prices: what the proposal may offer, parsed from a TOML text.

Where that text comes from (the packaged example or the operator's own file) is the stage's business.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

PRICE_ON_REQUEST = "Price on request"
_PACKAGES = 3
_MAX_FEATURES = 6
_MAX_STEPS = 4


class ServicesError(Exception):
    """One sentence that says what is wrong with a services file."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the price page."""

    name: str
    price: str
    period: str
    summary: str
    features: tuple[str, ...]
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Services:
    """What the operator offers.

    Attributes:
        packages: exactly three.
        process: up to four pairs of title and text: how the work goes.
        consultation: what the letter may offer, such as "free first consultation".
        note: the small print below the prices.
    """

    packages: tuple[Package, ...]
    process: tuple[tuple[str, str], ...]
    consultation: str
    note: str


@cache
def packaged_services_text() -> str:
    """The example that comes with the product."""
    return files("leadgen_assets.templates").joinpath("services.toml").read_text(encoding="utf-8")


def parse_services(text: str, *, show_example_prices: bool) -> Services:
    """The services in a TOML text.

    Args:
        text: the TOML; its keys are explained in the packaged file.
        show_example_prices: print prices of a text that calls them examples; otherwise those read "Price on request".

    Raises:
        ServicesError: if the text is not TOML or does not hold what the price page needs.
    """
    try:
        table = tomllib.loads(text)
        hide = bool(table.get("example_prices")) and not show_example_prices
        packages = tuple(_package(item, hide=hide) for item in table["packages"])
        process = tuple((item["title"], item["text"]) for item in table.get("process", []))[:_MAX_STEPS]
        services = Services(packages, process, table["consultation"], table.get("note", ""))
    except tomllib.TOMLDecodeError as error:
        raise ServicesError(f"The services file is not valid TOML: {error}.") from None
    except (KeyError, TypeError) as error:
        raise ServicesError(f"The services file lacks {error}; compare it with the packaged services.toml.") from None
    if len(services.packages) != _PACKAGES:
        raise ServicesError(
            f"The services file names {len(services.packages)} packages; the price page needs exactly {_PACKAGES}."
        )
    return services


def _package(item: dict[str, Any], *, hide: bool) -> Package:
    return Package(
        name=item["name"],
        price=PRICE_ON_REQUEST if hide or not item.get("price") else item["price"],
        period="" if hide or not item.get("price") else item.get("period", ""),
        summary=item["summary"],
        features=tuple(item["features"])[:_MAX_FEATURES],
        recommended=bool(item.get("recommended")),
    )
