"""`python -m leadgen_assets.stages.pdf_process`: renders one PDF for each line of JSON it reads, until its input ends.

Started by `printing`, which shares the work out; how a PDF is made is in `domain/pdf`. Imports neither Dagster nor
polars.
"""

import base64
import json
import os
import sys

from leadgen_assets.domain.pdf import PdfUnavailableError, render_pdf
from tracking_service.loopback import install_loopback_guard


def main() -> None:
    """Answer each request with one line: the document, or why there is none."""
    install_loopback_guard()  # a document refers to nothing outside itself
    for line in sys.stdin:
        answer = json.dumps(_answer(**json.loads(line))) + "\n"
        try:
            sys.stdout.write(answer)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever asked was killed
            os._exit(1)


def _answer(pages: list[str], stylesheet: str, identifier: str) -> dict[str, str | int]:
    try:
        pdf = render_pdf(pages, stylesheet, identifier=identifier)
    except PdfUnavailableError as error:
        return {"unavailable": str(error)}
    except Exception as error:
        return {"failed": type(error).__name__}
    return {"content": base64.b64encode(pdf.content).decode(), "pages": pdf.pages}


if __name__ == "__main__":
    main()
