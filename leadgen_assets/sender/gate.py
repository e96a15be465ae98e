"""What must be in order before anything leaves in live mode; each refusal is one sentence that says what to mend.

Limits in time belong to `domain/pacing`, what forbids a single message to `claims`.
"""

from leadgen_assets.settings import Settings


def refusals(settings: Settings) -> list[str]:
    """Why nothing may be sent with these settings; empty where it may."""
    if settings.leadgen_mode != "live":
        return []
    found = []
    if not settings.postal_address.strip():
        found.append("POSTAL_ADDRESS is empty: every message must say where its sender can be found.")
    return found
