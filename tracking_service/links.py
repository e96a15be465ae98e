"""Signed, self-contained links: what an open, click, unsubscribe or proposal address carries, and how it is checked.

A token holds internal ids and, for clicks, the destination; never personal data. Nothing is looked up and nothing
is read from a query string, so a click can be redirected while every other system is down.
"""

import base64
import binascii
from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import Literal, NamedTuple
from uuid import UUID

LinkKind = Literal["open", "click", "unsubscribe", "honeypot", "proposal"]
_CODES: dict[LinkKind, int] = {"open": 1, "click": 2, "unsubscribe": 3, "honeypot": 4, "proposal": 5}
_KINDS: dict[int, LinkKind] = {code: kind for kind, code in _CODES.items()}
_VERSION = 1
_HEADER_BYTES = 3 + 16
_SIGNATURE_BYTES = 16
_TOKEN_LIMIT = 2048
# The other alphabet's own signs, and whatever is not base64 at all, become signs that no alphabet knows.
_FROM_URL_SAFE = bytes.maketrans(b"-_+/=", b"+/   ")
_PADDING = (b"", b"===", b"==", b"=")
_PATHS: dict[LinkKind, str] = {
    "open": "/track/open/",
    "click": "/track/click/",
    "unsubscribe": "/unsubscribe/",
    "honeypot": "/track/click/",  # looks like any other link to whatever follows it
    "proposal": "/proposal/",
}


class Link(NamedTuple):
    """What a valid token says: its kind, the message it was in, and where a click leads."""

    kind: LinkKind
    outreach_id: UUID
    destination: str | None = None


class LinkSigner:
    """Signs links with the newest key and accepts any known one.

    Args:
        secrets: key id (0..255) to secret; the highest id signs.
    """

    def __init__(self, secrets: dict[int, str]) -> None:
        if not secrets:
            raise ValueError("A link signer needs at least one secret.")
        # Each is begun once, with its key, and copied for every signature: BLAKE2b takes a key by itself, so a third
        # of the time of an HMAC.
        self._begun = {
            key_id: blake2b(key=sha256(f"links\0{secret}".encode()).digest(), digest_size=_SIGNATURE_BYTES)
            for key_id, secret in secrets.items()
        }
        self._newest = max(self._begun)

    def token(self, link: Link) -> str:
        """The URL-safe token of a link."""
        header = bytes((_VERSION, self._newest, _CODES[link.kind])) + link.outreach_id.bytes
        body = header + (link.destination or "").encode()
        return base64.urlsafe_b64encode(body + self._signature(self._newest, body)).rstrip(b"=").decode()

    def url(self, base_url: str, link: Link) -> str:
        """The absolute address of a link on the tracking service at `base_url`."""
        return f"{base_url.rstrip('/')}{_PATHS[link.kind]}{self.token(link)}"

    def read(self, token: str) -> Link | None:
        """The link a token stands for, or None for anything we did not sign."""
        if len(token) > _TOKEN_LIMIT:
            return None
        try:
            encoded = token.encode("ascii").translate(_FROM_URL_SAFE)  # the bytes' translation is the quick one
            raw = binascii.a2b_base64(encoded + _PADDING[len(token) % 4], strict_mode=True)
        except (binascii.Error, ValueError):
            return None
        body = raw[:-_SIGNATURE_BYTES]
        if len(body) < _HEADER_BYTES or body[0] != _VERSION or body[1] not in self._begun or body[2] not in _KINDS:
            return None
        if not compare_digest(raw[-_SIGNATURE_BYTES:], self._signature(body[1], body)):
            return None
        try:
            destination = body[_HEADER_BYTES:].decode() or None
        except UnicodeDecodeError:
            return None
        return Link(_KINDS[body[2]], UUID(int=int.from_bytes(body[3:_HEADER_BYTES])), destination)

    def _signature(self, key_id: int, body: bytes) -> bytes:
        signature = self._begun[key_id].copy()
        signature.update(body)
        return signature.digest()
