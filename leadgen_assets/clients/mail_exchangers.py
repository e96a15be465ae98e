"""Asks which hosts take a domain's mail: one row of `web_captures` a domain. What it means is judged in the domain."""

import json
from typing import Any

from leadgen_assets.clients.dns import DnsClient
from tracking_service.clock import Clock


async def ask_mail_exchangers(dns: DnsClient, domain: str, clock: Clock) -> dict[str, Any]:
    """One row of kind `mx`, without lead_id and ordinal.

    `outcome` is that of the question for MX records; `detail_json` has `exchangers` with the preferred one first and,
    where there are none, `address_outcome`: a domain without MX records takes mail at its own address (RFC 5321).
    """
    answer = await dns.mail_exchangers(domain)
    detail: dict[str, Any] = {"exchangers": list(answer.values), "asked": list(answer.asked)}
    if answer.outcome == "no_data":
        detail["address_outcome"] = (await dns.addresses(domain)).outcome
    blank = dict.fromkeys(("status", "final_url", "content_type", "body"))
    return blank | {
        "origin": "contact",
        "kind": "mx",
        "url": domain,
        "outcome": answer.outcome,
        "detail_json": json.dumps(detail, ensure_ascii=False),
        "captured_at": clock.now().isoformat(),
    }
