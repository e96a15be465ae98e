"""Businesses and messages that the tests of the town share."""

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from leadgen_assets.rehearsal.truth import Business


def business(name: str, **truths: Any) -> Business:
    """A business that needs a site and takes mail, unless told otherwise."""
    values: dict[str, Any] = {
        "key": f"osm:node/{name}",
        "record": {"name": name.title()},
        "source_keys": (f"osm:node/{name}",),
        "site_kind": "none",
        "site_host": None,
        "listed_website": None,
        "findable": False,
        "needs_site": True,
        "email": f"{name}@{name}.test",
        "email_on": "record",
        "mailbox": "accepts",
        "temper": "silent",
        "machine": "none",
    }
    return Business(**(values | truths))


def outreach_mail(to: str, base_url: str, token: str, reply_to: str | None = None) -> bytes:
    """A message as the product sends it, with links to a tracking service at `base_url`."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Studio <hello@studio.test>"
    message["To"] = to
    message["Subject"] = f"An idea for {to.partition('@')[0].title()}"
    message["Message-ID"] = f"<{token}.1@studio.test>"
    message["Reply-To"] = reply_to or f"replies+{token}@studio.test"
    out = f"{base_url}/unsubscribe/{token}"
    message["List-Unsubscribe"] = f"<{out}>, <mailto:replies+{token}@studio.test?subject=unsubscribe>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(f"Good day\n\nOffer: {base_url}/track/click/{token}\nNo more mail: {out}\n")
    message.add_alternative(
        f'<div style="display:none"><a href="{base_url}/track/click/hidden-{token}">.</a></div><p>Good day</p>'
        f'<a href="{base_url}/track/click/{token}">See the proposal</a> <a href="https://elsewhere.test/">Elsewhere</a>'
        f'<a href="{out}">No more mail</a><img src="{base_url}/track/open/{token}" width="1" height="1">',
        subtype="html",
    )
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="proposal.pdf")
    return message.as_bytes()
