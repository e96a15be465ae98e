"""Asks a registry over RDAP (RFC 9082, 9083) since when a domain is registered: one row of `web_captures` a domain."""

import asyncio
import json
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from leadgen_assets.clients.dns import DnsClient
from tracking_service.clock import Clock

_MOST_HOPS = 4
_MOST_BYTES = 512 * 1024
_REMEMBERED_DOMAINS = 1_000


class RegistryClient:
    """Asks the RDAP server that RDAP_URL names (a bootstrap service redirects to the registry), one at a time.

    Args:
        rdap_url: without it only the name servers are asked.
        dns: for the domain's name servers.
        clock: the time of each row.
        user_agent: the one name this product goes by.
        timeout_seconds: for each answer.
    """

    def __init__(self, rdap_url: str, dns: DnsClient, clock: Clock, *, user_agent: str, timeout_seconds: float) -> None:
        self._rdap_url, self._dns, self._clock = rdap_url.rstrip("/"), dns, clock
        headers = {"User-Agent": user_agent, "Accept": "application/rdap+json, application/json"}
        self._client = httpx.AsyncClient(headers=headers, timeout=timeout_seconds, trust_env=False)
        self._turn = asyncio.Lock()
        self._known: dict[str, dict[str, Any]] = {}

    async def __aenter__(self) -> "RegistryClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask_registration(self, domain: str) -> dict[str, Any]:
        """One row of kind `registration`, without lead_id and ordinal.

        `outcome` is answered, not_found, unavailable, or not_asked without RDAP_URL. `detail_json` has registered_at
        and expires_at (ISO 8601 or null), status, name_servers and name_servers_outcome.
        """
        if domain not in self._known:
            named = await self._dns.name_servers(domain)
            outcome, found = await self._look_up(domain)
            detail = found | {"name_servers": list(named.values), "name_servers_outcome": named.outcome}
            if len(self._known) >= _REMEMBERED_DOMAINS:
                del self._known[next(iter(self._known))]
            self._known[domain] = {
                **dict.fromkeys(("status", "final_url", "content_type", "body")),
                "origin": "record",
                "kind": "registration",
                "url": domain,
                "outcome": outcome,
                "detail_json": json.dumps(detail, ensure_ascii=False),
            }
        return self._known[domain] | {"captured_at": self._clock.now().isoformat()}

    async def _look_up(self, domain: str) -> tuple[str, dict[str, Any]]:
        if not self._rdap_url:
            return "not_asked", {}
        try:
            async with self._turn:
                response = await self._get(f"{self._rdap_url}/domain/{domain}")
            if response.status_code == httpx.codes.NOT_FOUND:
                return "not_found", {}
            answer = response.json() if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return "unavailable", {}
        if not isinstance(answer, dict) or str(answer.get("ldhName", domain)).lower().rstrip(".") != domain:
            return "unavailable", {}
        listed = (event for event in answer.get("events") or () if isinstance(event, dict))
        events = {event.get("eventAction"): event.get("eventDate") for event in listed}
        dates = {"registered_at": events.get("registration"), "expires_at": events.get("expiration")}
        return "answered", dates | {"status": answer.get("status")}

    async def _get(self, url: str) -> httpx.Response:
        for _ in range(_MOST_HOPS):
            response = await self._client.get(url)
            location = response.headers.get("location")
            if not (response.is_redirect and location):
                break
            url = urljoin(url, location)
            if urlsplit(url).scheme != "https" and urlsplit(url).netloc != urlsplit(self._rdap_url).netloc:
                raise httpx.InvalidURL("a registry is asked over https only")
        if len(response.content) > _MOST_BYTES:
            raise ValueError("too long for a registration")
        return response
