"""The town as a whole: its servers, its people, and the settings that point the product at it.

Each server and the population are in modules of their own; faults and days belong to the driver.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import trustme

from leadgen_assets.rehearsal.acts import ActLog
from leadgen_assets.rehearsal.search_index import with_search_engine
from leadgen_assets.rehearsal.servers.dns_server import DnsServer
from leadgen_assets.rehearsal.servers.llm_api import LlmApi
from leadgen_assets.rehearsal.servers.mail_exchanger import MailExchanger
from leadgen_assets.rehearsal.servers.mailbox import Mailbox
from leadgen_assets.rehearsal.servers.messengers import Messengers
from leadgen_assets.rehearsal.servers.overpass_api import OverpassApi
from leadgen_assets.rehearsal.servers.places_api import PlacesApi
from leadgen_assets.rehearsal.servers.search_api import SearchApi
from leadgen_assets.rehearsal.servers.web_sites import WebSites
from leadgen_assets.rehearsal.simulation import Simulation
from leadgen_assets.rehearsal.town_places import TownArea, area_of
from leadgen_assets.rehearsal.truth import Business
from leadgen_assets.rehearsal.visitors import Visitors
from tracking_service.clock import Clock


class Town:
    """Every outside system on loopback; a context manager that starts them all and stops them all.

    Attributes:
        businesses: the population with its truths.
        acts: what people and machines did.
        visitors: the people and machines, once the town is open.
        search: its search engine, where it has one.
    """

    visitors: Visitors

    def __init__(
        self, businesses: list[Business], clock: Clock, *, seed: int, folder: Path, has_search: bool = False
    ) -> None:
        self.businesses = with_search_engine(businesses) if has_search else businesses
        self.acts = ActLog()
        self._seed = seed
        self._ca = trustme.CA()
        self._ca_file = folder / "town-ca.pem"
        self._stack = ExitStack()
        self.places = PlacesApi(businesses, clock)
        self.overpass = OverpassApi(businesses, clock)
        self.dns = DnsServer(businesses, clock)
        self.web = WebSites(businesses, clock, self._ca)
        self.llm = LlmApi(clock, seed)
        self.mail = MailExchanger(businesses, clock, self._ca)
        self.mailbox = Mailbox(clock, self._ca)
        self.messengers = Messengers(clock)
        self.search = SearchApi(businesses, clock) if has_search else None
        self._servers: tuple[Any, ...] = (
            self.places, self.overpass, self.dns, self.web, self.llm, self.mail, self.mailbox, self.messengers,
            *([self.search] if self.search else ()),
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Start every server."""
        self._ca.cert_pem.write_to_path(str(self._ca_file))
        for server in self._servers:
            self._stack.callback(server.stop)
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every server that was started."""
        self._stack.close()

    def settings(self) -> dict[str, str]:
        """The environment lines that point the product at this town."""
        lines = {"CA_FILE": str(self._ca_file)}
        for server in self._servers:
            lines |= server.settings()
        return lines

    @property
    def area(self) -> TownArea:
        """Where discovery must look to find everybody."""
        return area_of([business.record for business in self.businesses])

    def open(self, simulation: Simulation, tracking_url: str, company_website: str) -> None:
        """Let the people in: from now on mail is read, links are clicked, answers are written."""
        self.visitors = Visitors(
            self.businesses,
            simulation,
            tracking_url,
            self.mailbox,
            self._seed,
            acts=self.acts,
            company_website=company_website,
        )
        self._stack.callback(self.visitors.close)
        self.mail.on_arrival = self.visitors.mail_arrived
