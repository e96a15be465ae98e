"""HTML to PDF with WeasyPrint, which is imported only here and only when the first page is rendered.

WeasyPrint needs the Pango libraries of the system; where they are missing, everything else goes on without PDFs.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from leadgen_assets.domain.templating import packaged_text

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

MISSING_PANGO = (
    "The PDF library cannot find Pango; "
    "install libpango-1.0-0 and libpangoft2-1.0-0 (Debian, Ubuntu), then run this again."
)


class PdfUnavailableError(Exception):
    """PDFs cannot be rendered on this machine; one sentence that names what to install."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """One rendered document."""

    content: bytes
    pages: int


def render_pdf(html: str, stylesheet: str, *, identifier: str, pages: int) -> Pdf:
    """The PDF of an HTML text: the same bytes for the same input, nothing fetched from anywhere.

    Args:
        html: the document.
        stylesheet: the name of a packaged style sheet.
        identifier: what the file's identifier is made of, instead of a random number.
        pages: how many pages it must have at most; anything that flows over is cut.

    Raises:
        PdfUnavailableError: if the libraries are missing.
    """
    weasyprint = _weasyprint()
    styles, fonts = _styles(stylesheet)
    document = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing).render(stylesheets=[styles], font_config=fonts)
    kept = document.copy(document.pages[:pages])
    content = kept.write_pdf(pdf_identifier=identifier.encode(), custom_metadata=False)
    return Pdf(content, len(kept.pages))


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
