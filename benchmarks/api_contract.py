"""Hold the management API, the webhooks and the public routes to the served OpenAPI document, with schemathesis.

`uv run python -m benchmarks.api_contract [--examples 50] [--seed 1]` starts PostgreSQL and the service, sends what the
document allows and what it does not, and exits 0 only if no answer was a 5xx or left out of the document. The tests hold
the same with few examples.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.migrations import migrate
from tests.integration.api.contract import check_contract
from tests.integration.tracking import ServiceProcess

KEY, TOKEN = "lg_key-of-the-contract-0123456789", "webhook-token-of-the-contract"


def main() -> int:
    """Run every phase; 0 where nothing was found."""
    parser = argparse.ArgumentParser(description="Hold the API to its OpenAPI document.")
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "pg") as server:
        migrate(server.url())
        lines = {
            "LEADGEN_MODE": "rehearsal",
            "LEADGEN_HOME": f"{name}/home",
            "DATABASE_URL": server.url(),
            "API_KEY": KEY,
            "API_CALLS_PER_MINUTE": 1_000_000,
            "BREVO_WEBHOOK_TOKEN": TOKEN,
        }
        settings = Path(name) / "service.env"
        settings.write_text("".join(f"{name}={line}\n" for name, line in lines.items()))
        with ServiceProcess(settings) as service:
            began = time.monotonic()
            done = check_contract(
                service.url,
                Path(name),
                key=KEY,
                token=TOKEN,
                examples=asked.examples,
                phases="examples,coverage,fuzzing,stateful",
                seed=asked.seed,
            )
            status = Path(f"/proc/{service.process.pid}/status").read_text()
            resident = status.partition("VmRSS:")[2].split()[0]
            print(done.stdout[-8000:], done.stderr[-2000:])
            print(f"{time.monotonic() - began:.0f} s, the service holds {resident} kB afterwards")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
