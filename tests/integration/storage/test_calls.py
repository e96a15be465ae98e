"""Whom the ledger still allows to call: not the erased, the won, the re-judged, nor who asked not to be contacted."""

from leadgen_assets.storage.calls import open_calls
from leadgen_assets.storage.ledger import Connection
from leadgen_assets.storage.suppressions import Suppressions
from tests.conftest import MONDAY
from tests.ledger_rows import a_lead


def test_only_leads_that_still_wait_are_called(ledger: Connection) -> None:
    to_call = {"decision": "qualified", "route": "phone"}
    leads = {
        "waiting": a_lead(ledger, "waiting", **to_call),
        "to visit": a_lead(ledger, "to visit", decision="qualified", route="visit"),
        "won": a_lead(ledger, "won", **to_call, converted_at=MONDAY),
        "erased": a_lead(ledger, "erased", **to_call, erased_at=MONDAY),
        "not needy": a_lead(ledger, "not needy", decision="disqualified"),
        "refused": a_lead(ledger, "refused", **to_call, organisation="info@chain.test"),
        "refused by domain": a_lead(ledger, "refused by domain", **to_call, organisation="info@closed.test"),
        "shared": a_lead(ledger, "shared", **to_call, organisation="info@open.test"),
    }
    suppressions = Suppressions("a-secret-of-24-characters")
    suppressions.add_organisation(ledger, "info@chain.test", "unsubscribed", MONDAY)
    suppressions.add_domain(ledger, "closed.test", "complaint", MONDAY)
    rows = [{"lead_id": str(lead_id), "business": name} for name, lead_id in leads.items()]
    rows.append({"lead_id": "00000000-0000-5000-8000-000000000009", "business": "of a dry run"})
    kept = [row["business"] for row in open_calls(ledger, suppressions, rows)]
    assert kept == ["waiting", "to visit", "shared", "of a dry run"]
    assert open_calls(ledger, suppressions, []) == []
