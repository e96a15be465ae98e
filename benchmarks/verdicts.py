"""How often the verdicts on hits are right, on a file of hits whose makers are known (format: docs/verdicts.md).

`uv run python -m benchmarks.verdicts [--cases FILE] [--json]`. Exit 0 only if no machine is called a person, at least
95 % of people's clicks are called a person's and less than 2 % a machine's; 1 if not, 2 if the file cannot be read.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracking_service.histories import Moment, in_context
from tracking_service.verdicts import VERSION, Hit, Judgement, judge

CASES = Path(__file__).with_name("verdict_cases.jsonl")
PEOPLE_SEEN = 0.95
PEOPLE_MISTAKEN = 0.02
_KINDS = ("open", "click", "unsubscribe")
_LABELS = ("person", "machine", "unsure")


class CasesError(Exception):
    """What is wrong with a file of cases, in one sentence."""


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The cases of a file, in its order.

    Raises:
        CasesError: naming the first line that is not one.
    """
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CasesError(f"{path} cannot be read: {error}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            known = case["label"] in _LABELS and case["event_type"] in _KINDS
            _moment(case)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CasesError(f"Line {number} of {path} is not a case: {error!r}.") from None
        if not known:
            raise CasesError(f"Line {number} of {path} has an unknown label or event_type.")
        cases.append(case)
    if not cases:
        raise CasesError(f"{path} holds no case.")
    return cases


def judged(cases: Sequence[dict[str, Any]]) -> list[Judgement]:
    """The verdict on each case, among the other requests of its message."""
    messages: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        messages[str(case.get("message", f"line {number}"))].append(number)
    found: dict[int, Judgement] = {}
    for numbers in messages.values():
        hits = in_context([_moment(cases[number]) for number in numbers])
        found |= {number: judge(hit) for number, hit in zip(numbers, hits, strict=True)}
    return [found[number] for number in range(len(cases))]


def score(cases: Sequence[dict[str, Any]], judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Counts, shares and checks, ready for JSON."""
    pairs = list(zip(cases, judgements, strict=True))
    table = Counter((case["label"], case["event_type"], judgement.verdict) for case, judgement in pairs)
    clicks = Counter(j.verdict for case, j in pairs if (case["label"], case["event_type"]) == ("person", "click"))
    total = clicks.total()
    wrong = [
        {"message": case.get("message"), "who": case.get("who"), "label": case["label"], "verdict": judgement.verdict,
         "event_type": case["event_type"], "reasons": list(judgement.reasons)}
        for case, judgement in pairs
        if case["label"] != "unsure" and judgement.verdict != case["label"]
    ]  # fmt: skip
    mistaken = sum(case["label"] == "machine" and judgement.verdict == "person" for case, judgement in pairs)
    return {
        "rules_version": VERSION,
        "cases": len(cases),
        "machines_called_a_person": mistaken,
        "people_clicks": total,
        "people_clicks_called_a_person": clicks["person"] / total if total else None,
        "people_clicks_called_a_machine": clicks["machine"] / total if total else None,
        "counts": [
            {"label": label, "event_type": kind, "verdict": verdict, "cases": count}
            for (label, kind, verdict), count in sorted(table.items())
        ],
        "differing": wrong,
        "checks": {
            "no machine is called a person": mistaken == 0,
            f"at least {PEOPLE_SEEN:.0%} of people's clicks are a person's": clicks["person"] >= PEOPLE_SEEN * total,
            f"below {PEOPLE_MISTAKEN:.0%} of people's clicks are a machine's": clicks["machine"] < PEOPLE_MISTAKEN * max(total, 1),
        },
    }  # fmt: skip


def _moment(case: dict[str, Any]) -> Moment:
    seconds, kind, method = case["seconds_since_sent"], case["event_type"], case.get("method") or "GET"
    hit = Hit(
        kind,
        method.upper(),
        case.get("user_agent"),
        {name.lower(): str(value) for name, value in (case.get("headers") or {}).items()},
        None if seconds is None else float(seconds),
        honeypot=bool(case.get("honeypot")),
        own_view=bool(case.get("own_view")),
    )
    return Moment(hit.seconds_since_sent or 0.0, None if kind == "open" else str(case.get("link") or kind), hit)


def main() -> int:
    """Score and print; the exit code of the process."""
    parser = argparse.ArgumentParser(description="How often the verdicts on hits are right.")
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    try:
        cases = read_cases(asked.cases)
    except CasesError as error:
        print(error, file=sys.stderr)
        return 2
    found = score(cases, judged(cases))
    if asked.json:
        print(json.dumps(found))
    else:
        for row in found["counts"]:
            print(f"{row['cases']:5d} {row['label']} {row['event_type']} called {row['verdict']}")
        for case in found["differing"]:
            print(
                f"      {case['message']}: {case['who']}: {case['event_type']} of a {case['label']} called {case['verdict']} ({'; '.join(case['reasons'])})"
            )
        print("\n".join(f"{'holds' if holds else 'FAILS'}: {name}" for name, holds in found["checks"].items()))
    return 0 if all(found["checks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
