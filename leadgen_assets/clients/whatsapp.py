"""Alerts to the operator's WhatsApp through CallMeBot, which sends only to the number that activated it.

Its address carries key and text, so neither it nor an exception that quotes it is ever logged or stored.
"""

import re
from html import escape

import httpx

from leadgen_assets.clients.deliveries import SENT, Delivery, never_left
from leadgen_assets.clients.public_trust import public_trust
from leadgen_assets.settings import Settings

_ACCEPTED = re.compile(r"message (?:has been |was )?(?:queued|sent)|successfully (?:queued|sent)", re.IGNORECASE)
_REFUSED_KEY = re.compile(r"apikey|api key|not (?:allowed|authori[sz]ed|activated|registered)", re.IGNORECASE)


class CallMeBotClient:
    """One activated number."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def missing_setting(self) -> str | None:
        """The name of a setting without which nothing can be sent, or None."""
        names = ("WHATSAPP_NUMBER", "CALLMEBOT_API_KEY")
        return next((name for name in names if not getattr(self._settings, name.lower())), None)

    def send(self, text: str) -> Delivery:
        """Send one plain text; never raises for what the network or the other side does."""
        settings = self._settings
        parameters = {"phone": settings.whatsapp_number, "text": text, "apikey": settings.callmebot_api_key}
        try:
            response = httpx.get(
                f"{settings.callmebot_base_url.rstrip('/')}/whatsapp.php",
                params=parameters,
                timeout=settings.alert_timeout_seconds,
                trust_env=False,
                verify=public_trust(),
            )
        except httpx.HTTPError as error:
            if never_left(error):
                return Delivery("delayed", "CallMeBot cannot be reached: check the network and CALLMEBOT_BASE_URL.")
            return Delivery("unknown", "CallMeBot did not answer; the message may have arrived.")
        return _outcome_of(response, text)


def _outcome_of(response: httpx.Response, text: str) -> Delivery:
    # A refusal often comes with status 200 and a page that says so; pages repeat our own words, which say nothing.
    body = response.text[:10_000].replace(text, "").replace(escape(text), "")
    if response.status_code == 429:
        wait = response.headers.get("retry-after", "")
        return Delivery("delayed", "CallMeBot asked to wait.", float(wait) if wait.isdigit() else None)
    if response.is_success and _ACCEPTED.search(body):
        return SENT
    if response.status_code in {401, 403} or _REFUSED_KEY.search(body):
        return Delivery("refused", "CallMeBot refused the number or key: check WHATSAPP_NUMBER and CALLMEBOT_API_KEY.")
    if response.is_server_error:
        return Delivery("unknown", "CallMeBot answered with a failure of its own; the message may have arrived.")
    return Delivery("delayed", f"CallMeBot answered {response.status_code} and did not queue the message.")
