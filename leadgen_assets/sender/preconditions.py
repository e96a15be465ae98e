"""What must be in order outside before anything leaves in live mode: the sender's domain in DNS, and unsubscribing.

Each check is a name, whether it holds, and one clause on what to mend. Asked once a batch; what settings alone can tell
is in `gate`. Imported only when asked, because most batches of a rehearsal never are.
"""

import asyncio
from uuid import UUID

import httpx
import tldextract

from leadgen_assets.clients.dns import DnsAnswer, DnsClient
from leadgen_assets.domain.mail_authentication import alignment_problem, dkim_problem, dmarc_problem, spf_problem
from leadgen_assets.settings import Settings
from tracking_service.hashes import domain_of
from tracking_service.links import Link

Demand = tuple[str, bool, str]
_DNS_TIMEOUT_SECONDS = 5.0
_PAGE_TIMEOUT_SECONDS = 15.0
_NOBODY = UUID(int=0)
_UNANSWERED = {"servfail", "timeout"}
_split = tldextract.TLDExtract(suffix_list_urls=())  # the packaged list, never fetched


def outside_demands(settings: Settings) -> list[Demand]:
    """SPF, DKIM, DMARC and their alignment, and the unsubscribe page, asked now."""
    return [*domain_demands(settings), _demand("unsubscribe page", unsubscribe_problem(settings)[0])]


def domain_demands(settings: Settings) -> list[Demand]:
    """What DNS says about the sender's domains."""
    sender, envelope = domain_of(settings.from_email), domain_of(settings.reply_to_email)
    key_name = f"{settings.dkim_selector}._domainkey.{sender}"
    organisation = _organisation(sender)
    names = [envelope, f"_dmarc.{sender}", f"_dmarc.{organisation}"]
    if settings.dkim_selector:
        names.append(key_name)
    answers = asyncio.run(_texts(settings, names))
    silent = [name for name, answer in answers.items() if answer.outcome in _UNANSWERED]
    if silent:
        return [("sender domain", False, f"DNS does not answer for {', '.join(silent)}: look at DNS_RESOLVERS")]
    key = dkim_problem(key_name, answers[key_name].values) if settings.dkim_selector else _NO_SELECTOR
    dmarc = answers[f"_dmarc.{sender}"].values or answers[f"_dmarc.{organisation}"].values
    aligned = alignment_problem(
        sender, envelope, organisation_of_both=organisation == _organisation(envelope), has_key=key is None
    )
    return [
        _demand("SPF", spf_problem(envelope, answers[envelope].values)),
        _demand("DKIM", key),
        _demand("DMARC", dmarc_problem(sender, dmarc)),
        _demand("alignment", aligned),
    ]


def unsubscribe_problem(settings: Settings) -> tuple[str | None, bool]:
    """Whether APP_URL shows the unsubscribe page of a link that this installation signed; asking changes nothing.

    Returns:
        What is wrong, None where nothing is; and whether that may only be so because the service does not run yet.
    """
    url = settings.link_signer.url(settings.app_url, Link("unsubscribe", _NOBODY))
    try:
        status = httpx.get(url, timeout=_PAGE_TIMEOUT_SECONDS, follow_redirects=False).status_code
    except httpx.HTTPError as error:
        silent = (
            f"APP_URL {settings.app_url} does not answer ({type(error).__name__}): start the tracking service there"
        )
        return silent, True
    if status == httpx.codes.OK:
        return None, False
    if status == httpx.codes.NOT_FOUND:
        return f"APP_URL {settings.app_url} does not know links signed here: use the same APP_SECRET_KEY there", False
    # a reverse proxy whose service is down says 502 to 504
    wrong = f"APP_URL {settings.app_url} answers {status} instead of the unsubscribe page"
    return wrong, status in {502, 503, 504}


_NO_SELECTOR = "DKIM_SELECTOR is empty: name the selector under which your mail provider's key stands in DNS"


def _demand(name: str, problem: str | None) -> Demand:
    return name, problem is None, problem or ""


def _organisation(domain: str) -> str:
    return _split(domain).top_domain_under_public_suffix or domain


async def _texts(settings: Settings, names: list[str]) -> dict[str, DnsAnswer]:
    client = DnsClient(settings.dns_resolvers, _DNS_TIMEOUT_SECONDS)
    unique = list(dict.fromkeys(names))
    return dict(zip(unique, await asyncio.gather(*map(client.texts, unique)), strict=True))
