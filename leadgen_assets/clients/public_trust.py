"""Whom a client trusts by default over TLS, read once a process: reading it takes longer than a message to a bot.

Clients that trust a private authority too build their own contexts.
"""

import ssl
from functools import cache

import httpx


@cache
def public_trust() -> ssl.SSLContext:
    """The usual authorities, whatever the environment says."""
    return httpx.create_ssl_context(trust_env=False)
