"""What the town's web pages say, by what kind of site it is. Which host answers what belongs to `servers/web_sites.py`.

The markup is in `pages/`. The wording is the town's own and knows nothing of the checks that will read it.
"""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leadgen_assets.rehearsal.trades import google_type
from leadgen_assets.rehearsal.truth import Business

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose page it is, as it says itself: name, one line each of street and town, city, phone, opening hours."""

    name: str
    street_line: str
    postal_line: str
    city: str
    phone: str | None
    opening_hours: str | None
    trade: str

    @classmethod
    def of(cls, business: Business) -> "Owner":
        """The owner of a business's own page."""
        record = business.record
        return cls(
            name=record["name"],
            street_line=" ".join(filter(None, (record["street"], record["housenumber"]))),
            postal_line=" ".join(filter(None, (record["postcode"], record["city"]))),
            city=record["city"],
            phone=record["phone"],
            opening_hours=record["opening_hours"],
            trade=google_type(record["category"]).replace("_", " "),
        )


# Invented, for addresses that somebody else has taken over: in towns where no business of a rehearsal is.
STRANGERS = (
    Owner("Kvarnbo Loppis", "Storgatan 4", "791 30 Falun", "Falun", "+46 8 465 004 17", None, "second-hand shop"),
    Owner(
        "Tidewater Kayak Rental",
        "9 Quay Row",
        "TR0 0XX Porthmarsh",
        "Porthmarsh",
        "+44 20 7946 0912",
        None,
        "boat rental",
    ),
    Owner(
        "Bergblick Modellbahn",
        "Am Hang 12",
        "99999 Oberwalden",
        "Oberwalden",
        "+49 30 23125 871",
        None,
        "model railway club",
    ),
    Owner(
        "Prairie Quilt Guild",
        "12 Mill Road",
        "Elmwood Flats",
        "Elmwood Flats",
        "+1 701-555-0144",
        None,
        "quilting guild",
    ),
)
COMPANY = Owner(
    "Studio Test",
    "1 Example Street",
    "00100 Testville",
    "Testville",
    "+1 415-555-0199",
    "Mo-Fr 09:00-17:00",
    "web studio",
)


def own_page(owner: Owner, url: str, *, language: str, is_contact: bool, email: str | None) -> str:
    """A page of a healthy site: readable on phones, described, with structured data."""
    words = _words(owner, language)
    structured: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "name": owner.name,
        "url": url,
        "address": {"@type": "PostalAddress", "streetAddress": owner.street_line, "addressLocality": owner.city},
    }
    if owner.phone:
        structured["telephone"] = owner.phone
    heading = words["contact"] if is_contact else owner.city
    return _templates.get_template("healthy.html.j2").render(
        owner=owner, url=url, words=words, structured=structured, heading=heading, is_contact=is_contact, email=email
    )


def weak_page(owner: Owner, *, language: str, is_contact: bool, email: str | None) -> str:
    """A page of a site that was made long ago and never since: no title, no description, not made for phones."""
    return _templates.get_template("weak.html.j2").render(
        owner=owner, words=_words(owner, language), is_contact=is_contact, email=email
    )


def parked_page(host: str) -> str:
    """What a registrar shows under a name that nobody uses."""
    return _templates.get_template("parked.html.j2").render(host=host)


def social_page(owner: Owner) -> str:
    """A business's page on the social network, as a visitor without an account sees it."""
    return _templates.get_template("social.html.j2").render(owner=owner)


def error_page(status: int) -> str:
    """A server's own error page."""
    return _templates.get_template("error.html.j2").render(status=status, reason=HTTPStatus(status).phrase)


def foreign_script_page(owner: Owner) -> str:
    """A healthy page that carries neither name nor city in the letters of its record, but its telephone number."""
    phone = f"<p>電話: {owner.phone}</p>" if owner.phone else ""
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>町のお店 | ホーム</title>'
        '<meta name="description" content="地元で長年親しまれているお店です。"></head><body><h1>ようこそ</h1>'
        "<p>当店は地元で長年親しまれているお店です。どうぞお気軽にお立ち寄りください。皆様のご来店を心よりお待ちしております。"
        f"</p>{phone}</body></html>"
    )


def contact_path(language: str) -> str:
    """Where a healthy site keeps its contact page."""
    return "/yhteystiedot" if language == "fi" else "/contact"


def _words(owner: Owner, language: str) -> dict[str, str]:
    if language == "fi":
        return {
            "language": "fi",
            "home": "Etusivu",
            "contact": "Yhteystiedot",
            "contact_path": contact_path("fi"),
            "slogan": "Paikallista palvelua jo vuosia.",
            "welcome": f"Tervetuloa! {owner.name} palvelee sinua paikallisesti, tutussa osoitteessa.",
            "offer_heading": "Palvelut",
            "offer": "Autamme mielellämme. Kysy rohkeasti lisää, löydämme sinulle sopivan vaihtoehdon.",
            "hours": "Aukioloajat",
            "find_us": "Täältä löydät meidät",
            "reach_us": "Ota yhteyttä, vastaamme arkipäivisin.",
            "email": "Sähköposti",
            "phone": "Puhelin",
        }
    return {
        "language": "en",
        "home": "Home",
        "contact": "Contact",
        "contact_path": contact_path("en"),
        "slogan": f"Your local {owner.trade}.",
        "welcome": f"Welcome to {owner.name}, your local {owner.trade} in {owner.city}.",
        "offer_heading": "What we do",
        "offer": "We are glad to help. Ask us anything, and we will find what suits you.",
        "hours": "Opening hours",
        "find_us": "Where to find us",
        "reach_us": "Get in touch, we answer on working days.",
        "email": "Email",
        "phone": "Phone",
    }
