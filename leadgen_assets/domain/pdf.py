"""HTML to PDF with WeasyPrint, which is imported only here and only when the first page is rendered.

WeasyPrint needs the Pango libraries of the system; where they are missing, everything else goes on without PDFs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from leadgen_assets.domain.templating import packaged_text

if TYPE_CHECKING:
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration

MISSING_PANGO = (
    "The PDF library cannot find Pango; "
    "install libpango-1.0-0 and libpangoft2-1.0-0 (Debian, Ubuntu), then run this again."
)
_KEPT_PAGES = 64


class PdfUnavailableError(Exception):
    """PDFs cannot be rendered on this machine; one sentence that names what to install."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """One rendered document."""

    content: bytes
    pages: int


def missing_library() -> str | None:
    """What to install before PDFs can be rendered here; None where nothing is missing."""
    try:
        _weasyprint()
    except PdfUnavailableError as error:
        return str(error)
    return None


def render_pdf(pages: Sequence[str], stylesheet: str, *, identifier: str) -> Pdf:
    """One PDF of several HTML documents, a page each: the same bytes for the same input, nothing fetched from anywhere.

    Args:
        pages: the documents; whatever of one flows over its page is cut. The first one's title is the file's.
        stylesheet: the name of a packaged style sheet.
        identifier: what the file's identifier is made of, instead of a random number.

    Raises:
        PdfUnavailableError: if the libraries are missing.
    """
    first, *others = [_laid_out(page, stylesheet) for page in pages]
    document = first.copy([drawn.pages[0] for drawn in (first, *others)])
    return Pdf(document.write_pdf(pdf_identifier=identifier.encode()), len(document.pages))


@lru_cache(maxsize=_KEPT_PAGES)
def _laid_out(page: str, stylesheet: str) -> "Document":
    # Layout is two thirds of the work, and most pages of a proposal are those of the one before.
    styles, fonts = _styles(stylesheet)
    html = _weasyprint().HTML(string=page, url_fetcher=_fetch_nothing)
    return html.render(stylesheets=[styles], font_config=fonts)


@cache
def _styles(name: str) -> "tuple[CSS, FontConfiguration]":
    # Parsed once, because parsing it costs a third of a small document.
    weasyprint = _weasyprint()
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    return weasyprint.CSS(string=packaged_text(name), font_config=fonts, url_fetcher=_fetch_nothing), fonts


def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError:  # cffi finds no shared library
        raise PdfUnavailableError(MISSING_PANGO) from None
    return weasyprint


def _fetch_nothing(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"A proposal refers to nothing outside itself, but asked for {url}.")
