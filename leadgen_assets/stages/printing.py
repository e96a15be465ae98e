"""Many PDFs at once: this process renders one after the other, and a helper process on each further core does too.

Which documents there are belongs to `personalization`, how one is rendered to `domain/pdf`.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from leadgen_assets.domain.pdf import Pdf, PdfUnavailableError, render_pdf

_WORTH_A_HELPER = 12  # documents; starting one takes as long as rendering five


@dataclass(frozen=True, slots=True)
class Document:
    """What one PDF is made of; the arguments of `render_pdf`."""

    pages: Sequence[str]
    stylesheet: str
    identifier: str


def print_all(documents: Sequence[Document], *, worth_a_helper: int = _WORTH_A_HELPER) -> list[Pdf | str]:
    """The PDF of each document, or one sentence on why there is none; the same bytes whoever rendered it."""
    waiting = deque(enumerate(documents))
    printed: dict[int, Pdf | str] = {}
    helpers = min(_cores() - 1, len(documents) // worth_a_helper)
    threads = [threading.Thread(target=_helped, args=(waiting, printed), daemon=True) for _ in range(helpers)]
    for thread in threads:
        thread.start()
    try:
        _print_here(waiting, printed)
        for thread in threads:
            thread.join()
        _print_here(waiting, printed)  # what a helper that died gave back
    finally:
        waiting.clear()  # where this is interrupted, helpers end with the document in hand
    return [printed[number] for number in range(len(documents))]


def _print_here(waiting: "deque[tuple[int, Document]]", printed: dict[int, Pdf | str]) -> None:
    while (taken := _next(waiting)) is not None:
        number, document = taken
        printed[number] = _printed_here(document)


def _helped(waiting: "deque[tuple[int, Document]]", printed: dict[int, Pdf | str]) -> None:
    """Let a process of its own render what waits; it ends with its input, even if this process is killed."""
    command = [sys.executable, "-m", "leadgen_assets.stages.pdf_process"]
    with (
        suppress(OSError),  # closing the pipe of one that died
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process,
    ):
        while (taken := _next(waiting)) is not None:
            number, document = taken
            try:
                printed[number] = _printed_by(process, document)
            except (OSError, ValueError):
                waiting.append(taken)
                return


def _printed_by(process: "subprocess.Popen[str]", document: Document) -> Pdf | str:
    if process.stdin is None or process.stdout is None:
        raise ValueError("a helper is started with pipes")
    request = {"pages": list(document.pages), "stylesheet": document.stylesheet, "identifier": document.identifier}
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "content" in answer:
        return Pdf(base64.b64decode(answer["content"]), answer["pages"])
    return str(answer["unavailable"]) if "unavailable" in answer else _failure(answer["failed"])


def _printed_here(document: Document) -> Pdf | str:
    try:
        return render_pdf(document.pages, document.stylesheet, identifier=document.identifier)
    except PdfUnavailableError as error:
        return str(error)
    except Exception as error:  # one strange name may not cost the others their letters
        return _failure(type(error).__name__)


def _failure(name: str) -> str:
    return f"The PDF could not be made ({name}); the letter goes without it."


def _next(waiting: "deque[tuple[int, Document]]") -> tuple[int, Document] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
