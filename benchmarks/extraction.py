"""Scores the extraction of email addresses on a folder of labelled pages, and fails below the floors.

The format of a folder is described in `tests/pages/emails/README.md`:

    uv run python benchmarks/extraction.py [--cases FOLDER] [--json]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from leadgen_assets.domain.email_extraction import extract_emails, plain_address

LEAST_PRECISION, LEAST_RECALL = 0.98, 0.90
CASES = Path(__file__).parents[1] / "tests" / "pages" / "emails"


def score(folder: Path) -> dict[str, Any]:
    """Precision and recall over all pages of a folder, and the pages that were read wrongly.

    Raises:
        ValueError: if the folder is not of the documented format.
    """
    right = found = labelled = 0
    wrong = []
    cases = read_cases(folder)
    for case in cases:
        body = (folder / case["page"]).read_text("utf-8", errors="replace")
        emails = {email.address for email in extract_emails(body, case.get("url") or "", case.get("business") or "")}
        expected = {plain_address(text) or text.lower() for text in case["emails"]}
        right, found, labelled = right + len(emails & expected), found + len(emails), labelled + len(expected)
        if emails != expected:
            wrong.append({
                "page": case["page"], "missed": sorted(expected - emails), "too_many": sorted(emails - expected),
            })  # fmt: skip
    precision, recall = right / found if found else 1.0, right / labelled if labelled else 1.0
    return {
        "pages": len(cases), "labelled": labelled, "found": found, "right": right, "precision": round(precision, 4),
        "recall": round(recall, 4), "passed": precision >= LEAST_PRECISION and recall >= LEAST_RECALL, "wrong": wrong,
    }  # fmt: skip


def read_cases(folder: Path) -> list[dict[str, Any]]:
    """The labels of a folder; each names a page that is there."""
    try:
        lines = (folder / "labels.jsonl").read_text("utf-8").splitlines()
        cases = [json.loads(line) for line in lines if line.strip()]
        missing = [case["page"] for case in cases if not (folder / case["page"]).is_file() or "emails" not in case]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder} holds no labelled pages ({error}): see tests/pages/emails/README.md.") from None
    if missing or not cases:
        raise ValueError(f"{folder}/labels.jsonl names no page, or pages without file or labels: {missing[:5]}.")
    return cases


def main() -> int:
    """Score, print, and return 0 only where both floors hold; 2 for a folder that cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        result = score(arguments.cases)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for page in result["wrong"]:
            print(f"{page['page']}: missed {page['missed']}, too many {page['too_many']}")
        print(
            f"{result['pages']} pages, {result['labelled']} addresses: precision {result['precision']:.3f}"
            f" (at least {LEAST_PRECISION}), recall {result['recall']:.3f} (at least {LEAST_RECALL})"
        )
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
