"""Who must never be written to again: keyed hashes of addresses, domains and organisations that outlive an erasure.

Imports neither Dagster nor polars, because the sender asks here in the transaction before SMTP.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from leadgen_assets.storage.ledger import Connection
from tracking_service.hashes import domain_of, suppression_hash


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message would reach; the organisation is what leads behind one address share, where it is known."""

    address: str
    organisation: str | None = None


class Suppressions:
    """Adds suppressions under the present secret and finds those made under it or an older one.

    Args:
        secret: `APP_SECRET_KEY`.
        retired: the secrets before it; without them, what was suppressed under them would be forgotten.
    """

    def __init__(self, secret: str, *retired: str) -> None:
        self._secret = secret
        self._secrets = (secret, *retired)

    def add(self, connection: Connection, kind: str, value: str, reason: str, at: datetime) -> bool:
        """Suppress an address, domain or organisation; true if that is new."""
        return self._add(connection, kind, value, reason, at)

    def listed(self, connection: Connection) -> list[dict[str, Any]]:
        """Kind, reason, time and hash of every suppression, the newest first."""
        return connection.execute(
            "SELECT kind, reason, created_at, encode(hash, 'hex') AS hash FROM suppressions"
            " ORDER BY created_at DESC, hash"
        ).fetchall()

    def exactly(self, connection: Connection, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """Kind, reason and time of the suppressions of these very values, under any secret."""
        kinds, hashes = self._under_any_secret(pairs)
        return connection.execute(
            "SELECT kind, reason, created_at FROM suppressions"
            " JOIN unnest(%s::text[], %s::bytea[]) AS asked (kind, hash) USING (kind, hash) ORDER BY created_at",
            (kinds, hashes),
        ).fetchall()

    def remove(self, connection: Connection, pairs: Iterable[tuple[str, str]]) -> int:
        """Take back the suppressions of these very values; how many there were. Only for an operator's own slip."""
        kinds, hashes = self._under_any_secret(pairs)
        return connection.execute(
            "DELETE FROM suppressions WHERE (kind, hash) IN (SELECT * FROM unnest(%s::text[], %s::bytea[]))",
            (kinds, hashes),
        ).rowcount

    def add_address(self, connection: Connection, address: str, reason: str, at: datetime) -> bool:
        """Never write to this address again, with whatever plus tag; true if that is new."""
        return self._add(connection, "address", address, reason, at)

    def add_domain(self, connection: Connection, domain: str, reason: str, at: datetime) -> bool:
        """Never write to any address of this domain, or of one below it, again; true if that is new."""
        return self._add(connection, "domain", domain, reason, at)

    def add_organisation(self, connection: Connection, organisation: str, reason: str, at: datetime) -> bool:
        """Never write to any lead of this organisation again; true if that is new."""
        return self._add(connection, "organisation", organisation, reason, at)

    def of_lead(self, connection: Connection, lead_id: UUID) -> list[tuple[str, str]]:
        """Kind and value of what a lead is suppressed by: its address and organisation, as far as they are known."""
        row = connection.execute("SELECT email, organisation FROM leads WHERE id = %s", (lead_id,)).fetchone() or {}
        named = (("address", row.get("email")), ("organisation", row.get("organisation")))
        return [(kind, value) for kind, value in named if value]

    def add_places(self, connection: Connection, place_keys: Iterable[str], reason: str, at: datetime) -> int:
        """Never take up a business from these place records again; how many of them are new."""
        return sum(self._add(connection, "place", key, reason, at) for key in sorted(place_keys))

    def place_test(self, connection: Connection) -> Callable[[str], bool]:
        """Tells by its key whether a place may not be taken up."""
        rows = connection.execute("SELECT hash FROM suppressions WHERE kind = 'place'")
        known = {bytes(row["hash"]) for row in rows}
        secrets = self._secrets if known else ()
        return lambda key: any(suppression_hash(secret, "place", key) in known for secret in secrets)

    def found(self, connection: Connection, recipients: Iterable[Recipient]) -> dict[Recipient, tuple[str, datetime]]:
        """The suppressed ones among some recipients, each with `"<kind>: <reason>"` and since when."""
        wanted = {recipient: self._hashes(recipient) for recipient in recipients}
        pairs = [pair for hashes in wanted.values() for pair in hashes]
        rows = connection.execute(
            "SELECT s.kind, s.hash, s.reason, s.created_at FROM suppressions s"
            " JOIN unnest(%s::text[], %s::bytea[]) AS asked (kind, hash) USING (kind, hash)",
            ([kind for kind, _ in pairs], [value for _, value in pairs]),
        )
        known = {
            (row["kind"], bytes(row["hash"])): (f"{row['kind']}: {row['reason']}", row["created_at"]) for row in rows
        }
        hits = {who: [known[pair] for pair in hashes if pair in known] for who, hashes in wanted.items()}
        return {who: min(reasons, key=lambda reason: reason[1]) for who, reasons in hits.items() if reasons}

    def reason(self, connection: Connection, recipient: Recipient) -> str | None:
        """Why this recipient may not be written to (`"<kind>: <reason>"`), or None where nothing forbids it."""
        hit = self.found(connection, [recipient]).get(recipient)
        return hit[0] if hit else None

    def _add(self, connection: Connection, kind: str, value: str, reason: str, at: datetime) -> bool:
        stored = connection.execute(
            "INSERT INTO suppressions (kind, hash, reason, created_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (kind, suppression_hash(self._secret, kind, value), reason, at),
        )
        return stored.rowcount == 1

    def _under_any_secret(self, pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[bytes]]:
        named = [(kind, suppression_hash(secret, kind, value)) for kind, value in pairs for secret in self._secrets]
        return [kind for kind, _ in named], [value for _, value in named]

    def _hashes(self, recipient: Recipient) -> list[tuple[str, bytes]]:
        labels = domain_of(recipient.address).split(".")
        values = [
            ("address", recipient.address),
            *(("domain", ".".join(labels[start:])) for start in range(len(labels))),
            ("organisation", recipient.organisation),
        ]
        return [
            (kind, suppression_hash(secret, kind, value)) for kind, value in values if value for secret in self._secrets
        ]
