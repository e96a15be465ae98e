"""Proposals: four pages whatever the texts, the same bytes for the same input, and a clear word where Pango is missing."""

import io
import subprocess
import sys
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from markupsafe import escape

from leadgen_assets.domain.pdf import Pdf, PdfUnavailableError, render_pdf
from leadgen_assets.domain.proposal import STYLESHEET, proposal_filename, proposal_pages
from leadgen_assets.domain.services import (
    PRICE_ON_REQUEST,
    ServicesError,
    packaged_services_text,
    parse_services,
)
from leadgen_assets.domain.trades import trades
from tests.unit.domain.letters_data import NO_SITE, OPERATOR, draft, lead_row

pypdf = pytest.importorskip("pypdf")
DAY = date(2026, 3, 2)
SERVICES = parse_services(packaged_services_text(), show_example_prices=True)


def pages_of(*, draft_changes: dict | None = None, evidence: Any = None, **lead: Any) -> list[str]:
    row = draft(None, **lead) | (draft_changes or {})
    found = evidence or [("Website", NO_SITE)]
    return proposal_pages(lead_row(**lead), {"presence": NO_SITE}, row, found, OPERATOR, SERVICES, DAY)


def printed(pages: list[str]) -> Pdf:
    try:
        return render_pdf(pages, STYLESHEET, identifier="a lead")
    except PdfUnavailableError as error:
        pytest.skip(str(error))


def pdf_of(**values: Any) -> Pdf:
    return printed(pages_of(**values))


def texts_of(pdf: Pdf) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf.content)).pages]


def test_the_four_pages_say_what_they_must() -> None:
    why, example, packages, contact = texts_of(pdf_of())
    assert "A website for Bakery Sunflour" in why
    assert NO_SITE in why
    assert "2 March 2026" in why
    assert "AN ILLUSTRATIVE EXAMPLE" in example.upper()
    assert "no real business and no client of ours" in example
    assert all(package.name in packages and package.price in packages for package in SERVICES.packages)
    assert all(text in contact for text in (OPERATOR.name, OPERATOR.phone, OPERATOR.email, OPERATOR.postal_address))
    assert "northlight.test" in contact


@pytest.mark.parametrize(
    "name",
    [
        "Antico Ristorante & Pizzeria da Giovanni della Famiglia Montefiore Bianchi e Figli S.r.l. " * 3,
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "🍕🔥 Pizza Heaven 🧑‍🍳",
        "🍕",
        "مقهى الورد الدمشقي 24",
        "東京ラーメン横丁",
        "<h1>Ünïcode</h1> & Sons",
        "",
    ],
)
def test_no_name_makes_a_fifth_page(name: str) -> None:
    assert pdf_of(name=name).pages == 4


def test_no_text_makes_a_fifth_page() -> None:
    changes = {"intro": "word " * 400, "benefits": ["many words " * 60] * 3, "call_to_action": "Come " * 50}
    evidence = [("Website", "word " * 300)] * 9
    pdf = pdf_of(
        draft_changes=changes, evidence=evidence, city="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    )
    assert [len(texts_of(pdf)), pdf.pages] == [4, 4]


@pytest.mark.parametrize("trade", trades())
def test_every_trade_has_its_example_and_says_that_it_is_one(trade: str) -> None:
    page = pages_of(industry=trade)[1]
    assert "It describes no real business and no client of ours" in page
    assert str(escape(trades()[trade].steps[2][0])) in page


def test_the_same_input_gives_the_same_bytes_in_every_process() -> None:
    here = pdf_of()
    assert pdf_of() == here
    script = (
        "from tests.unit.domain.test_proposal import pdf_of\nfrom hashlib import sha256\n"
        "pdf_of(industry='bar', name='Another'); print(sha256(pdf_of().content).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert other.stdout.split() == [sha256(here.content).hexdigest()]


def test_a_missing_library_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPango:
        def find_spec(self, name: str, *_: object) -> None:
            if name.split(".")[0] == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    for module in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(PdfUnavailableError, match=r"libpango-1\.0-0 and libpangoft2-1\.0-0"):
        render_pdf(["<p>never laid out before</p>"], STYLESHEET, identifier="x")


@pytest.mark.parametrize(
    ("name", "filename"),
    [
        ("Bakery Sunflour", "Bakery_Sunflour_Proposal.pdf"),
        ("Café D'Été & Söhne", "Cafe_DEte_Sohne_Proposal.pdf"),
        ("../../etc/passwd", "etc_passwd_Proposal.pdf"),
        ("مقهى الورد 24", "Business_Proposal.pdf"),
        ("🍕", "Business_Proposal.pdf"),
        (None, "Business_Proposal.pdf"),
    ],
)
def test_the_file_is_named_after_the_business_in_ascii(name: str | None, filename: str) -> None:
    assert proposal_filename(name) == filename


def test_example_prices_stay_in_the_rehearsal() -> None:
    shown = parse_services(packaged_services_text(), show_example_prices=False)
    assert {package.price for package in shown.packages} == {PRICE_ON_REQUEST}
    edited = packaged_services_text().replace("example_prices = true", "")
    assert parse_services(edited, show_example_prices=False) == SERVICES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packages = [", "not valid TOML"),
        ("note = 'x'", "packages"),
        (packaged_services_text().replace("consultation", "talk"), "consultation"),
        (packaged_services_text().rpartition("[[packages]]")[0], "2 packages"),
        ("consultation = 'x'\npackages = [1, 2, 3]", "services file"),
    ],
)
def test_a_services_file_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(ServicesError, match=said):
        parse_services(text, show_example_prices=True)
