"""Settings fail with one sentence that names everything wrong at once, and a rehearsal cannot name a foreign host."""

from pathlib import Path

import pytest

from leadgen_assets.settings import Settings
from tracking_service.settings import ENV_FILE_VARIABLE, SettingsError


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "a.env"
    file.write_text("")
    monkeypatch.setenv(ENV_FILE_VARIABLE, str(file))
    return file


def test_no_settings_at_all_is_a_rehearsal(env_file: Path) -> None:
    settings = Settings.load()
    assert settings.leadgen_mode == "rehearsal"
    assert settings.database_url is None


def test_every_problem_is_named_at_once(env_file: Path) -> None:
    env_file.write_text(
        "REPORT_HOUR=77\nOPERATOR_TIMEZONE=Mars/Base\nDATABASE_URL=mysql://x\nIMAP_HOST=127.0.0.1\nTELEGRAM_CHAT_ID=1\nOUTREACH_HOUR=20\n"
    )
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    text = str(caught.value)
    for name in (
        "REPORT_HOUR",
        "OPERATOR_TIMEZONE",
        "DATABASE_URL",
        "IMAP_USER",
        "IMAP_PASSWORD",
        "TELEGRAM_BOT_TOKEN",
        "OUTREACH_END_HOUR",
    ):
        assert name in text
    assert "\n" not in text
    assert str(env_file) in text


@pytest.mark.parametrize(
    "line",
    [
        "BREVO_SMTP_HOST=smtp-relay.brevo.com\nBREVO_SMTP_USER=a\nBREVO_SMTP_PASSWORD=b",
        "GROQ_API_KEY=key",
        "DATABASE_URL=postgresql+asyncpg://u:p@db.example.com:5432/postgres",
        "APP_URL=https://tracking.example.com",
    ],
)
def test_a_rehearsal_refuses_hosts_outside_loopback(env_file: Path, line: str) -> None:
    env_file.write_text(line)
    with pytest.raises(SettingsError, match="loopback"):
        Settings.load()
    env_file.write_text(f"LEADGEN_MODE=live\n{line}")
    assert Settings.load().leadgen_mode == "live"


def test_a_named_file_is_the_only_source(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a-live-key")
    assert Settings.load().groq_api_key == ""


def test_the_urls_of_the_specification_are_accepted(env_file: Path) -> None:
    env_file.write_text("DATABASE_URL=postgresql+asyncpg://postgres@127.0.0.1:5432/leadgen\n")
    assert Settings.load().database_url == "postgresql://postgres@127.0.0.1:5432/leadgen"
