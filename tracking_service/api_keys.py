"""Who calls the management API: keys are kept as SHA-256 hashes and compared in constant time.

A key is 256 random bits, so a plain hash is enough. How often a key may call is in `rates`.
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

_PREFIX = "lg_"


class ApiKeys:
    """The known keys.

    Args:
        hashes: name of a key to the SHA-256 of it in hexadecimal.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {name: bytes.fromhex(value) for name, value in hashes.items()}

    def name_of(self, presented: str | None) -> str | None:
        """The name of the key that was presented, or None; takes the same time whichever it is."""
        found = None
        digest = sha256((presented or "").encode("utf-8", "surrogateescape")).digest()
        for name, known in self._hashes.items():
            if hmac.compare_digest(digest, known):
                found = name
        return found if presented else None


def new_key() -> str:
    """A key nobody has yet."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(key: str) -> str:
    """What the settings hold of a key."""
    return sha256(key.encode()).hexdigest()


def same_secret(presented: str, expected: str) -> bool:
    """Compare two secrets in constant time, whatever their lengths; an empty expected one matches nothing."""
    one, other = sha256(presented.encode("utf-8", "surrogateescape")), sha256(expected.encode())
    return hmac.compare_digest(one.digest(), other.digest()) and bool(expected)
