"""A business while it is being drawn: what is settled about it so far. Drawing belongs to the `draw_*` modules."""

from dataclasses import dataclass
from typing import Any, Literal

from leadgen_assets.rehearsal.town_places import TownPlace
from leadgen_assets.rehearsal.truth import Machine, Mailbox, SiteKind, Temper

# Kinds whose domain is still the business's own and in order, so that its mail goes there too.
_MAIL_AT_SITE = frozenset({"healthy", "weak", "broken", "not_found"})


@dataclass(slots=True)
class Draft:
    """What `truth.Business` says, in the making; `tagged` is whether a source lists a website for it."""

    place: TownPlace
    tagged: bool
    kind: SiteKind = "none"
    findable: bool = False
    site_host: str | None = None
    website: str | None = None
    facebook: str | None = None
    email: str | None = None
    email_on: Literal["record", "site", "nowhere"] = "nowhere"
    mailbox: Mailbox = "none"
    temper: Temper = "silent"
    machine: Machine = "none"
    reply_address: str | None = None
    has_phone: bool = True
    source_keys: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the real record."""
        return self.place.key

    @property
    def record(self) -> dict[str, Any]:
        """The real record with its gaps filled."""
        return self.place.record

    @property
    def undiscoverable(self) -> bool:
        """A healthy site that nothing leads to."""
        return self.kind == "healthy" and not self.findable

    @property
    def needs_site(self) -> bool:
        """Whatever there is, it is not a healthy site of its own."""
        return self.kind != "healthy"

    @property
    def mail_at_site(self) -> bool:
        """Its mail goes to the domain of its site; an address there must not give an undiscoverable site away."""
        return self.kind in _MAIL_AT_SITE and not self.undiscoverable
