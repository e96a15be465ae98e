"""The documentation names only what exists: links, repository paths in backticks, settings, commands; and its index is complete."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadgen_assets.cli.main import app
from leadgen_assets.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
SUFFIXES = (".py", ".sql", ".md", ".yaml", ".yml", ".toml", ".j2", ".css")
# Words with a slash that are no paths: models, tags, media types, time zones, folders of a package or of the database.
NOT_PATHS = re.compile(r"(openai|qwen|leadgen|dagster|application|text|Europe|pginstall)/")
ONLY_COMPOSE = {"POSTGRES_PASSWORD", "LEADGEN_ENV_FILE"}
OF_THE_SPECIFICATION = {  # named there, and dropped or renamed
    "APP_ENV", "SUPABASE_URL", "SUPABASE_ANON_KEY", "REDIS_URL", "QUALIFICATION_HOUR", "PERSONALIZATION_HOUR", "NOW",
    "BREVO_SMTP_HOST", "BREVO_SMTP_PORT", "BREVO_SMTP_USER", "BREVO_SMTP_PASSWORD",  # other names of SMTP_HOST, ...
}  # fmt: skip


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def paths_in(page: Path) -> Iterator[str]:
    for span in spans(page):
        looks_like_a_path = re.fullmatch(r"\.?\w[\w.@-]*(/[\w.@-]+)*/?", span) and (
            "/" in span or span.endswith(SUFFIXES)
        )
        if looks_like_a_path and not NOT_PATHS.match(span):
            yield span


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_paths_in_backticks_exist(page: Path) -> None:
    assert [path for path in paths_in(page) if not (ROOT / path).exists()] == []


def test_settings_in_backticks_exist(page: Path) -> None:
    named = {match[1] for span in spans(page) if (match := re.fullmatch(r"\$?([A-Z]+(?:_[A-Z]+)+)(=\S*)?", span))}
    known = {name.upper() for name in Settings.model_fields} | ONLY_COMPOSE | OF_THE_SPECIFICATION
    assert named - known == set()


def test_commands_in_backticks_exist(page: Path) -> None:
    commands = {item.name or item.callback.__name__ for item in app.registered_commands if item.callback}
    groups = {str(group.name) for group in app.registered_groups}
    named = {match[1] for span in spans(page) if (match := re.search(r"(?:^|\s)leadgen ([a-z][a-z-]*)", span))}
    assert named - commands - groups == set()


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"README.md"}
    assert sorted(name for name in pages if f"]({name})" not in index) == []
