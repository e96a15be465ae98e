"""The ASGI application: which resource answers which path. Starting a server belongs to `server`."""

from collections.abc import Mapping
from typing import Any

import falcon
import falcon.asgi
import structlog

from tracking_service.api_keys import ApiKeys
from tracking_service.clock import Clock
from tracking_service.counters import Counters
from tracking_service.events import Recorder
from tracking_service.hit_limits import HitLimits
from tracking_service.hits import HitReader
from tracking_service.networks import Networks, TrustedProxies
from tracking_service.pages import Pages
from tracking_service.problems import serialize_problem
from tracking_service.resources.front import Front, Robots
from tracking_service.resources.health import Health, Metrics, Ready
from tracking_service.resources.proposal import Proposal
from tracking_service.resources.tracking import ClickRedirect, OpenPixel
from tracking_service.resources.unsubscribe import Unsubscription
from tracking_service.settings import ServiceSettings
from tracking_service.writer import EventWriter

_PREFIXES = ("", "/api/v1")
_log = structlog.stdlib.get_logger(__name__)


def create_app(
    settings: ServiceSettings,
    recorder: Recorder,
    clock: Clock,
    counters: Counters | None = None,
    *,
    hits: HitReader | None = None,
) -> falcon.asgi.App:
    """The application over whatever makes events durable; an `EventWriter` is started and stopped with the server.

    Args:
        settings: link keys, sender, trusted proxies.
        recorder: takes the events.
        clock: gives the moment of a hit.
        counters: where tokens that we did not sign are counted.
        hits: reads the signals of a request; made from clock and settings when None.

    Raises:
        ValueError: if TRUSTED_PROXIES names something that is not a network.
    """
    counters = counters or Counters()
    signer = settings.link_signer
    hits = hits or HitReader(
        clock,
        TrustedProxies(settings.trusted_proxies),
        Networks(settings.own_networks, "OWN_NETWORKS"),
        HitLimits(settings.hits_per_minute_and_network, settings.hits_per_minute_and_link),
    )
    pages = Pages(settings.from_name, settings.from_email)
    app = falcon.asgi.App()
    if isinstance(recorder, EventWriter):
        app.add_middleware(_Lifespan(recorder))
    app.add_error_handler(Exception, _answer_failure)
    app.set_error_serializer(serialize_problem)
    opens = OpenPixel(signer, hits, recorder, counters)
    clicks = ClickRedirect(signer, hits, recorder, counters, pages)
    unsubscriptions = Unsubscription(signer, hits, recorder, counters, pages)
    proposals = Proposal(signer, counters, pages, settings.proposals_folder)
    health = Health()
    for prefix in _PREFIXES:
        app.add_route(f"{prefix}/track/open/{{token}}", opens)
        app.add_route(f"{prefix}/track/click/{{token}}", clicks)
        app.add_route(f"{prefix}/unsubscribe/{{token}}", unsubscriptions)
    app.add_route("/proposal/{token}", proposals)
    app.add_route("/", Front(pages))
    app.add_route("/robots.txt", Robots())
    app.add_route("/health", health)
    if isinstance(recorder, EventWriter):
        app.add_route("/ready", Ready(recorder))
        app.add_route("/metrics", Metrics(ApiKeys(settings.api_key_hashes), counters, recorder))
    return app


class _Lifespan:
    """Starts the writer before the first request and lets it finish after the last."""

    def __init__(self, writer: EventWriter) -> None:
        self._writer = writer

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        await self._writer.start()

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        await self._writer.stop()


async def _answer_failure(
    request: falcon.asgi.Request, response: Any, error: Exception, params: dict[str, Any]
) -> None:
    _log.exception("request_failed", resource=request.uri_template, error=type(error).__name__)
    raise falcon.HTTPInternalServerError from error
