"""PDFs by several processes: the same bytes in the same order whoever rendered them, and whatever becomes of a helper."""

import sys

import pytest

from leadgen_assets.domain.pdf import Pdf, missing_library
from leadgen_assets.stages import printing
from leadgen_assets.stages.printing import Document, print_all

pytestmark = pytest.mark.skipif(missing_library() is not None, reason="no Pango on this machine")
DOCUMENTS = [Document([f"<p>page {n}</p>", "<p>the end</p>"], "proposal.css", f"lead {n}") for n in range(8)]


@pytest.fixture
def here() -> list[Pdf | str]:
    return print_all(DOCUMENTS, worth_a_helper=len(DOCUMENTS) + 1)


def test_a_helper_makes_the_same_documents(here: list[Pdf | str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_cores", lambda: 2)
    monkeypatch.setattr(printing, "_print_here", lambda waiting, printed: None)  # leaves everything to the helper
    assert print_all(DOCUMENTS, worth_a_helper=1) == here
    assert all(isinstance(pdf, Pdf) and pdf.pages == 2 for pdf in here)


@pytest.mark.parametrize("program", ["/bin/false", "/bin/echo", "/nonexistent"])
def test_a_helper_that_fails_costs_no_document(
    here: list[Pdf | str], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(printing, "_cores", lambda: 3)
    monkeypatch.setattr(sys, "executable", program)
    assert print_all(DOCUMENTS, worth_a_helper=1) == here
