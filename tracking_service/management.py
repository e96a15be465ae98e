"""The management API and the webhooks: an application of its own beside the hits, built when it is first asked.

Every call is checked here before anything is looked up: without a valid key or token an unknown path answers exactly
like a known one. What the resources do is in `resources`, the description of them in `openapi`.
"""

import base64
from collections.abc import Mapping
from typing import Any

import falcon
import falcon.asgi
import structlog

from tracking_service import openapi
from tracking_service.api_keys import ApiKeys, same_secret
from tracking_service.clock import Clock
from tracking_service.counters import Counters
from tracking_service.guard_headers import GUARD_HEADERS
from tracking_service.ledger.pool import Ledger, LedgerAwayError
from tracking_service.problems import Problem, serialize_problem
from tracking_service.rates import CallRates
from tracking_service.resources.campaigns import Campaigns
from tracking_service.resources.erasures import Erasures, OneErasure
from tracking_service.resources.leads import Leads, OneLead
from tracking_service.resources.locations import Locations, OneLocation
from tracking_service.resources.pipeline import PipelineRequest, PipelineTrigger
from tracking_service.resources.reports import Reports, Workbook
from tracking_service.resources.status import HealthResource
from tracking_service.resources.suppressions import SuppressionsResource
from tracking_service.resources.webhooks import BrevoInbound, BrevoWebhook
from tracking_service.settings import ServiceSettings

PREFIX = "/api/v1"
_OPEN_TO_ALL = frozenset({f"{PREFIX}/openapi.json", f"{PREFIX}/docs"})
_WEBHOOKS = frozenset({f"{PREFIX}/webhooks/brevo", f"{PREFIX}/webhooks/brevo/inbound"})
_HEADERS = (
    *GUARD_HEADERS,
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
)
_CLOSED_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_log = structlog.stdlib.get_logger(__name__)


class Management:
    """The API's routes and its ASGI application.

    Attributes:
        application: takes requests whose path begins with `/api/v1`.
        routes: path template below the prefix to resource.
    """

    def __init__(self, settings: ServiceSettings, clock: Clock, counters: Counters) -> None:
        assert settings.database_url is not None  # noqa: S101 the server does not start without
        self._ledger = Ledger(settings.database_url, timeout_seconds=settings.database_timeout_seconds)
        self.routes = _routes(settings, self._ledger, clock, counters)
        self.application = falcon.asgi.App(middleware=[_Guard(settings)])
        self.application.set_error_serializer(serialize_problem)
        self.application.add_error_handler(Exception, _answer_failure)
        self.application.add_error_handler(LedgerAwayError, _answer_away)
        for path, resource in self.routes.items():
            self.application.add_route(PREFIX + path, resource)
        self.application.add_route(f"{PREFIX}/openapi.json", openapi.Document(self.routes))
        self.application.add_route(f"{PREFIX}/docs", openapi.Page(self.routes))

    async def close(self) -> None:
        """End the connections."""
        await self._ledger.close()


def _routes(settings: ServiceSettings, ledger: Ledger, clock: Clock, counters: Counters) -> dict[str, object]:
    zone, secret = settings.operator_timezone, settings.app_secret_key
    return {
        "/health": HealthResource(ledger, clock, zone, counters, settings.spool_folder),
        "/pipeline/trigger": PipelineTrigger(ledger, clock, zone),
        "/pipeline/requests/{request_id:uuid}": PipelineRequest(ledger),
        "/leads": Leads(ledger, clock, zone),
        "/leads/{lead_id:uuid}": OneLead(ledger, clock),
        "/campaigns": Campaigns(ledger, clock, zone),
        "/locations": Locations(ledger, clock),
        "/locations/{location_id:uuid}": OneLocation(ledger),
        "/reports": Reports(ledger),
        "/reports/{date}": Workbook(ledger, clock, zone),
        "/suppressions": SuppressionsResource(ledger, clock, secret),
        "/erasures": Erasures(ledger, clock, secret),
        "/erasures/{erasure_id:uuid}": OneErasure(ledger),
        "/webhooks/brevo": BrevoWebhook(ledger, clock, secret),
        "/webhooks/brevo/inbound": BrevoInbound(ledger, clock),
    }


class _Guard:
    """Who may call, and how often; and the headers of every answer."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._keys = ApiKeys(settings.api_key_hashes)
        self._webhook_token = settings.brevo_webhook_token
        self._rates = CallRates(settings.api_calls_per_minute)

    async def process_request(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Refuse a call without a valid key before anything else is looked at."""
        request.context.caller = None
        if request.path in _OPEN_TO_ALL:
            return
        if request.path in _WEBHOOKS:
            if not same_secret(_token(request), self._webhook_token):
                raise Problem(401, "Give the webhook's token.", headers={"www-authenticate": "Bearer"})
            request.context.caller = "webhook"
            return
        presented = request.get_header("x-api-key")
        if presented is None and request.path == f"{PREFIX}/health":
            return
        caller = self._keys.name_of(presented)
        if caller is None:
            raise Problem(
                401, "Give a valid key in the header X-API-Key.", headers={"www-authenticate": 'ApiKey realm="leadgen"'}
            )
        wait_seconds = self._rates.wait_seconds(caller)
        if wait_seconds:
            raise Problem(429, "This key called too often; wait.", headers={"retry-after": str(int(wait_seconds) + 1)})
        request.context.caller = caller

    async def process_response(
        self, request: falcon.asgi.Request, response: falcon.asgi.Response, resource: object, succeeded: bool
    ) -> None:
        """Nothing is cached, framed or sniffed."""
        response.set_headers(_HEADERS)
        if not response.get_header("content-security-policy"):
            response.set_header("content-security-policy", _CLOSED_PAGE)


def _token(request: falcon.asgi.Request) -> str:
    """The bearer token, or the password of basic authentication (of `https://user:password@host/`)."""
    scheme, _, value = (request.get_header("authorization") or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return value.strip() if scheme.lower() == "bearer" else ""


async def _answer_failure(
    request: falcon.asgi.Request, response: Any, error: Exception, params: Mapping[str, Any]
) -> None:
    _log.exception("api_call_failed", resource=request.uri_template, error=type(error).__name__)
    raise Problem(500, "Something went wrong here; the log of the service says what.") from None


async def _answer_away(
    request: falcon.asgi.Request, response: Any, error: LedgerAwayError, params: Mapping[str, Any]
) -> None:
    _log.warning("ledger_away", resource=request.uri_template, reason=str(error))
    raise Problem(503, "The database does not answer; try again soon.", headers={"retry-after": "5"}) from None
