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
        "SMTP_HOST=smtp-relay.brevo.com\nSMTP_USER=a\nSMTP_PASSWORD=b",
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


def test_what_is_wrong_is_said_in_an_operators_words(env_file: Path) -> None:
    env_file.write_text(
        "TRACK_OPENS=maybe\nEMAILS_PER_DAY=ten\nREPORT_HOUR=77\nPROBE_TIMEOUT_SECONDS=0\nAPP_SECRET_KEY=short\n"
    )
    settings, problems = Settings.load_as_far_as_possible()
    assert set(problems) == {
        "TRACK_OPENS must be true or false",
        "EMAILS_PER_DAY must be a whole number",
        "REPORT_HOUR must be at most 23",
        "PROBE_TIMEOUT_SECONDS must be greater than 0",
        "APP_SECRET_KEY must have at least 24 characters",
    }
    assert settings.report_hour == Settings.model_fields["report_hour"].default


def test_settings_that_do_not_go_together_can_be_examined(env_file: Path) -> None:
    env_file.write_text("IMAP_HOST=127.0.0.1\nOUTREACH_HOUR=20\n")
    settings, problems = Settings.load_as_far_as_possible()
    assert settings.imap_host == "127.0.0.1"
    assert [problem.split()[0] for problem in problems] == ["IMAP_USER", "OUTREACH_END_HOUR"]
    with pytest.raises(SettingsError):
        Settings.load()


def test_a_value_that_is_no_json_is_named(env_file: Path) -> None:
    env_file.write_text("WEB_DIAL_MAP=x\n")
    with pytest.raises(SettingsError, match=r"WEB_DIAL_MAP .* must be JSON"):
        Settings.load()


def test_the_specifications_names_of_the_mail_account_count_too(env_file: Path) -> None:
    env_file.write_text(
        "BREVO_SMTP_HOST=127.0.0.1\nBREVO_SMTP_PORT=2525\nBREVO_SMTP_USER=a\nBREVO_SMTP_PASSWORD=b\nSMTP_USER=c\n"
    )
    settings = Settings.load()
    assert (settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password) == (
        "127.0.0.1",
        2525,
        "c",
        "b",
    )
    env_file.write_text("BREVO_SMTP_PORT=many\n")
    assert Settings.load_as_far_as_possible()[1] == ["SMTP_PORT must be a whole number"]


@pytest.mark.parametrize("url", ["http://studio.test/privacy", "studio.test/privacy", "https://", "https://a.test/x y"])
def test_the_privacy_notice_has_an_https_address(env_file: Path, url: str) -> None:
    env_file.write_text(f"PRIVACY_URL={url}\n")
    with pytest.raises(SettingsError, match="PRIVACY_URL must be an https address"):
        Settings.load()
    env_file.write_text("PRIVACY_URL=https://studio.test/privacy\n")
    assert Settings.load().privacy_url == "https://studio.test/privacy"
