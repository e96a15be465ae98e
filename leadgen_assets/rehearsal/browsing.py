"""Requests of the town's visitors to the product's public door, each written down as the act that it was.

Who asks for what, and when, belongs to the visitors.
"""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser

from leadgen_assets.rehearsal.acts import ActKind, ActLog, Actor, BadAnswer, microseconds
from leadgen_assets.rehearsal.cases import Case
from leadgen_assets.rehearsal.truth import Act
from tracking_service.clock import Clock

_TIMEOUT_SECONDS = 10.0


class Browsing:
    """One shared HTTP client that never follows a redirect and reaches nothing but the tracking service.

    Args:
        tracking_url: base address of the tracking service; links to other places are not fetched.
        clock: the virtual clock, which stands still during a request.
        acts: where acts are written down.
        company_website: where the offer link must lead; not checked when None.
    """

    def __init__(self, tracking_url: str, clock: Clock, acts: ActLog, company_website: str | None = None) -> None:
        self._origin = _origin(tracking_url)
        self._clock = clock
        self._acts = acts
        self._company = company_website.rstrip("/") if company_website else None
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def reaches(self, url: str) -> bool:
        """True for addresses on the tracking service."""
        return _origin(url) == self._origin

    def open(self, case: Case, actor: Actor, url: str, headers: Mapping[str, str]) -> None:
        """Load the pixel."""
        answer = self._ask("GET", url, headers)
        self._record("open", case, actor, answer, url)
        if answer is not None and not (
            answer.status_code == 200 and answer.headers.get("content-type", "").startswith("image/")
        ):
            self._complain(case, f"GET {url}", f"{answer.status_code}, expected an image")

    def click(self, case: Case, actor: Actor, url: str, headers: Mapping[str, str]) -> None:
        """Follow the offer link up to its redirect."""
        answer = self._ask("GET", url, headers)
        self._record("click", case, actor, answer, url)
        if answer is None:
            return
        location = answer.headers.get("location", "")
        if answer.status_code not in {302, 303, 307}:
            self._complain(case, f"GET {url}", f"{answer.status_code}, expected a redirect")
        elif self._company and location.rstrip("/") != self._company and not location.startswith(f"{self._company}/"):
            self._complain(case, f"GET {url}", f"redirect to {location}, expected {self._company}")

    def look(self, method: str, url: str, headers: Mapping[str, str], kind: str) -> httpx.Response | None:
        """Ask for something that must not count as an event; counted as a look of some kind."""
        answer = self._ask(method, url, headers)
        self._acts.looks[kind] += 1
        return answer

    def unsubscribe(self, case: Case, url: str, headers: Mapping[str, str], *, multipart: bool) -> None:
        """The one-click POST of RFC 8058, as either content type."""
        field = ("List-Unsubscribe", "One-Click")
        answer = (
            self._ask("POST", url, headers, files={field[0]: (None, field[1])})
            if multipart
            else self._ask("POST", url, headers, data=dict([field]))
        )
        self._unsubscribed(case, answer, url, "one_click")

    def unsubscribe_on_page(self, case: Case, url: str, headers: Mapping[str, str]) -> None:
        """Open the unsubscribe page and press its button."""
        page = self.look("GET", url, headers, "unsubscribe_page")
        if page is None:
            return
        form = LexborHTMLParser(page.text).css_first('form[method="post" i]')
        if page.status_code != 200 or form is None:
            self._complain(case, f"GET {url}", f"{page.status_code}, expected a page with a button that posts")
            return
        target = urljoin(url, form.attributes.get("action") or url)
        fields = {field.attributes["name"]: field.attributes.get("value") or "" for field in form.css("input[name]")}
        answer = self._ask("POST", target, headers, data=fields) if self.reaches(target) else None
        self._unsubscribed(case, answer, target, "page")

    def _unsubscribed(self, case: Case, answer: httpx.Response | None, url: str, by: str) -> None:
        self._record("unsubscribe", case, "person", answer, url, by=by)
        if answer is not None and answer.status_code != 200:
            self._complain(case, f"POST {url}", f"{answer.status_code}, expected 200 without a redirect")

    def _ask(self, method: str, url: str, headers: Mapping[str, str], **body: object) -> httpx.Response | None:
        request = self._client.build_request(method, url, **body)  # type: ignore[arg-type]
        for name in ("user-agent", "accept", "accept-encoding"):
            request.headers.pop(name, None)  # a visitor looks like itself, not like a library
        request.headers.update(headers)
        self._client.cookies.clear()  # and knows nothing of the one before
        try:
            return self._client.send(request)
        except httpx.TransportError:
            return None  # nobody answered, so nothing was promised

    def _record(
        self,
        kind: ActKind,
        case: Case,
        actor: Actor,
        answer: httpx.Response | None,
        url: str,
        by: str = "web",
    ) -> None:
        acknowledged = answer is not None and 200 <= answer.status_code < 400
        detail = {"url": url, "by": by, "status": answer.status_code if answer is not None else None}
        business, mail = case.business, case.mail
        self._acts.record(
            Act(self._now_us(), actor, kind, business.key, mail.recipient, acknowledged, mail.message_id, detail)
        )

    def _complain(self, case: Case, request: str, problem: str) -> None:
        self._acts.bad_answers.append(BadAnswer(self._now_us(), case.business.key, request, problem))

    def _now_us(self) -> int:
        return microseconds(self._clock.now())


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
