"""Bodies of web pages: read, decompressed and decoded within a limit. What they say belongs to the domain."""

import zlib

import httpx

BODY_LIMIT_BYTES = 512 * 1024


async def read_body(response: httpx.Response) -> tuple[bytes, bool]:
    """The bytes as sent, at most the limit of them, and whether there was more."""
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > BODY_LIMIT_BYTES:
            return bytes(raw[:BODY_LIMIT_BYTES]), True
    return bytes(raw), False


def decompressed(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """At most the limit of the body, and whether there was more: a few hundred bytes may unfold into gigabytes."""
    name = encoding.strip().lower()
    if name not in {"gzip", "x-gzip", "deflate"}:
        return raw, False
    for window in (47, -15):  # with a gzip or zlib header, or the bare stream that some servers send
        decompressor = zlib.decompressobj(window)
        try:
            body = decompressor.decompress(raw, BODY_LIMIT_BYTES)
        except zlib.error:
            continue
        return body, bool(decompressor.unconsumed_tail)
    return b"", True


def text_of(raw: bytes, response: httpx.Response) -> str:
    """The body as text, in the character set that the header or the page itself names, else UTF-8."""
    charset = response.charset_encoding or _declared_charset(raw) or "utf-8"
    try:
        return raw.decode(charset, errors="replace")
    except LookupError:
        return raw.decode("utf-8", errors="replace")


def _declared_charset(raw: bytes) -> str | None:
    _, found, rest = raw[:2048].lower().partition(b"charset=")
    name = rest[:40].strip(b"\"' ").split(b'"')[0].split(b"'")[0].split(b">")[0].split(b";")[0].strip(b" /")
    return name.decode("ascii", errors="ignore") or None if found else None
