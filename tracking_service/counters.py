"""How many hits went which way since this process started, for the heartbeat and the logs."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """Counts of one process.

    Attributes:
        stored: events committed to PostgreSQL straight away.
        spooled: events written to the spool because PostgreSQL was away, slow or full.
        replayed: events taken from the spool and given to PostgreSQL.
        dropped: events of messages that PostgreSQL does not know (any more).
        rejected: events that PostgreSQL refused for their content, set aside in the spool folder.
        lost: events that neither PostgreSQL nor the spool could take.
        limited: hits over a limit in a minute, answered and not stored.
        invalid_links: requests with a token that we did not sign.
    """

    stored: int = 0
    spooled: int = 0
    replayed: int = 0
    dropped: int = 0
    rejected: int = 0
    lost: int = 0
    limited: int = 0
    invalid_links: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)
