"""The import rules between the packages, read from the source, and the small processes' real imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"dagster", "polars", "duckdb"}
FILE_LIMIT_LINES = 400


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("tracking_service", ("leadgen_assets", "dagster", "polars", "duckdb")),
        (
            "leadgen_assets/domain",
            ("dagster", "leadgen_assets.clients", "leadgen_assets.stages", "leadgen_assets.settings", "psycopg"),
        ),
        ("leadgen_assets/clients", ("leadgen_assets.stages", "dagster")),
        ("leadgen_assets/storage", ("leadgen_assets.stages", "leadgen_assets.clients")),
        (
            "leadgen_assets/rehearsal",
            ("leadgen_assets.domain", "leadgen_assets.stages", "leadgen_assets.clients", "dagster"),
        ),
        ("leadgen_assets/sender", ("dagster", "polars", "duckdb", "leadgen_assets.stages")),
    ],
)
def test_a_layer_does_not_import_what_is_above_it(folder: str, forbidden: tuple[str, ...]) -> None:
    assert modules(folder)
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name in imports_of(path)
        if any(name == banned or name.startswith(f"{banned}.") for banned in forbidden)
    ]
    assert broken == []


def test_stages_do_not_import_each_other() -> None:
    stages = {"discovery", "qualification", "contacts", "personalization", "outreach", "engagement", "reporting"}
    broken = [
        f"{path.name} imports {name}"
        for path in modules("leadgen_assets/stages")
        for name in imports_of(path)
        for stage in stages
        if name.startswith(f"leadgen_assets.stages.{stage}") and path.stem != stage
    ]
    assert broken == []


@pytest.mark.parametrize("module", ["tracking_service.server", "leadgen_assets.sender.__main__"])
def test_a_small_process_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY | {'openpyxl', 'weasyprint'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_files_stay_small_and_say_what_belongs_in_them() -> None:
    for folder in ("leadgen_assets", "tracking_service"):
        for path in modules(folder):
            text = path.read_text()
            assert len(text.splitlines()) <= FILE_LIMIT_LINES, path
            assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
