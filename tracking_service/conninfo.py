"""DATABASE_URL as each driver reads it. What it must look like is checked in `settings`."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# libpq's own parameters; asyncpg would hand them to the server as settings, which refuses the connection.
_ONLY_LIBPQ = frozenset(
    (
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "fallback_application_name",
        "gssdelegation",
        "gssencmode",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "max_protocol_version",
        "min_protocol_version",
        "require_auth",
        "requirepeer",
        "sslcertmode",
        "sslcompression",
        "sslcrldir",
        "sslsni",
        "tcp_user_timeout",
    )
)


def asyncpg_dsn(url: str) -> str:
    """A libpq URL without the parameters that asyncpg does not know."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in _ONLY_LIBPQ]
    return urlunsplit(parts._replace(query=urlencode(kept)))
