"""What goes wrong at the providers the product calls: places, model and messenger. Mail has a module of its own.

Each fault happens once for one question; the same question asked again is answered.
"""

import json
from typing import Any

from leadgen_assets.rehearsal.fault_log import FaultLog, drawn
from leadgen_assets.rehearsal.servers.llm_api import LlmFault

# Of the prompts. The names but for the prefix are those of the model's server.
MODEL_FAULTS = {"llm_broken_json": 0.12, "llm_rate_limit": 0.08, "llm_server_error": 0.08, "llm_hang": 0.02}
# Of the searches and queries; by HTTP status.
PLACES_FAULTS = {"places_429": 0.1, "places_503": 0.1}
OVERPASS_FAULTS = {"overpass_429": 0.3, "overpass_504": 0.3}
# Of the alerts; by HTTP status. A 500 may hide a delivery, so the product does not send such an alert again.
TELEGRAM_FAULTS = {"telegram_429": 0.15, "telegram_500": 0.05}
_MODEL_FAULTS: dict[str, LlmFault] = {
    "llm_broken_json": "broken_json", "llm_rate_limit": "rate_limit", "llm_server_error": "server_error",
    "llm_hang": "hang",
}  # fmt: skip


class ProviderFaults:
    """The hooks of the providers' servers.

    Args:
        seed: the same seed gives the same question the same fault.
        log: where injected faults are counted.
    """

    def __init__(self, seed: int, log: FaultLog) -> None:
        self._seed, self._log = seed, log

    def of_prompt(self, prompt_hash: str) -> LlmFault | None:
        """What the model's server does instead of answering."""
        name = self._once(MODEL_FAULTS, "model", prompt_hash)
        return _MODEL_FAULTS[name] if name else None

    def of_search(self, body: dict[str, Any]) -> int | None:
        """The status that the Places API answers instead."""
        return _status(self._once(PLACES_FAULTS, "places", json.dumps(body, sort_keys=True)))

    def of_query(self, query: str) -> int | None:
        """The status that Overpass answers instead."""
        return _status(self._once(OVERPASS_FAULTS, "overpass", query))

    def of_alert(self, text: str) -> int | None:
        """The status that Telegram answers instead."""
        return _status(self._once(TELEGRAM_FAULTS, "telegram", text))

    def _once(self, shares: dict[str, float], kind: str, subject: str) -> str | None:
        name = drawn(shares, self._seed, kind, subject)
        if name is None or not self._log.is_first(kind, subject):
            return None
        self._log.note(name)
        return name


def _status(name: str | None) -> int | None:
    return int(name.rpartition("_")[2]) if name else None
