"""Normal forms and keyed hashes of addresses, domains and organisations, for suppressions that survive erasure.

What is suppressed is decided elsewhere; this module only names things irreversibly.
"""

import hmac
from hashlib import sha256


def normal_address(address: str) -> str:
    """The address as suppressions compare it: trimmed, lower case, without a plus tag."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.split('+', 1)[0]}@{domain}"


def domain_of(address: str) -> str:
    """The domain part of an address, lower case; empty when there is none."""
    return address.strip().lower().rpartition("@")[2]


def suppression_hash(secret: str, kind: str, value: str) -> bytes:
    """A 32-byte keyed hash of one suppressed value; `kind` is address, domain or organisation."""
    normal = normal_address(value) if kind == "address" else value.strip().lower()
    return hmac.new(secret.encode(), f"{kind}\0{normal}".encode(), sha256).digest()


def content_hash(content: bytes) -> str:
    """SHA-256 of some bytes in hexadecimal, the name of content-addressed files."""
    return sha256(content).hexdigest()
