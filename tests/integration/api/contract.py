"""The API held against its own OpenAPI document by schemathesis: no 5xx, and no answer that the document leaves out."""

import subprocess
import sys
from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
)
_CONFIGURATION = """\
[auth.openapi.apiKey]
api_key = "{key}"

[auth.openapi.bearer]
bearer = "{token}"
"""


def check_contract(
    url: str, folder: Path, *, key: str, token: str, examples: int, phases: str, seed: int = 1
) -> subprocess.CompletedProcess[str]:
    """Send what the document allows and what it does not; exit code 0 where every answer was documented."""
    configuration = folder / "schemathesis.toml"
    configuration.write_text(_CONFIGURATION.format(key=key, token=token))
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(configuration),
            "run",
            f"{url}/api/v1/openapi.json",
            "--url",
            f"{url}/api/v1",
            "--checks",
            ",".join(CHECKS),
            "--phases",
            phases,
            "--max-examples",
            str(examples),
            "--seed",
            str(seed),
            "--generation-database",
            "none",
            "--suppress-health-check",
            "all",
            "--max-redirects",
            "0",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
