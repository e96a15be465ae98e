"""All settings of the pipeline, in one place; the tracking service's are inherited.

Names follow the specification's `.env.example`. Nothing else in the product reads the environment.
"""

import logging
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from tracking_service.settings import ServiceSettings, SettingsError

_log = logging.getLogger(__name__)  # speaks before structured logs are configured, on standard error
Security = Literal["starttls", "tls", "none"]
Transport = Literal["smtp", "brevo_api", "folder"]


_MOST_FOLLOW_UPS = 4


def _also_brevo(name: str) -> AliasChoices:
    """The specification's name of a setting counts too; the plain one wins."""
    return AliasChoices(name, f"brevo_{name}")


class Settings(ServiceSettings):
    """Settings of discovery, probing, drafting, sending, alerts and reports; see `.env.example`."""

    # the operator
    company_name: str = "Your Company"
    company_website: str = "https://example.com"
    company_phone: str = ""
    postal_address: str = ""
    privacy_url: str = ""
    reply_to_email: str = "replies@example.com"
    admin_email: str = "you@example.com"
    services_file: Path | None = None

    # discovery
    google_places_base_url: str = "https://places.googleapis.com"
    google_places_api_key: str = ""
    google_places_monthly_requests: int = Field(default=1000, ge=0)
    overpass_url: str = ""
    places_file: Path | None = None
    leads_include_chains: bool = False
    places_file_rows_per_day: int = Field(default=0, ge=0)  # 0: the whole file on its first day

    # probing
    dns_resolvers: Annotated[tuple[str, ...], NoDecode] = ("1.1.1.1:53", "9.9.9.9:53")
    candidate_tlds: Annotated[tuple[str, ...], NoDecode] = ()
    web_dial_map: dict[str, str] = Field(default_factory=dict)
    ca_file: Path | None = None
    probe_timeout_seconds: float = Field(default=10.0, gt=0)
    probe_concurrency: int = Field(default=20, ge=1, le=200)
    rdap_url: str = ""
    search_url: str = ""
    search_engines: Annotated[tuple[str, ...], NoDecode] = ()
    search_requests_per_day: int = Field(default=300, ge=0)
    search_pause_seconds: float = Field(default=2.0, ge=0)
    scoring_rules_file: Path | None = None
    user_agent: str = "LeadgenBot/0.1 (+https://example.com/bot)"

    # the model
    groq_base_url: str = "https://api.groq.com"
    groq_api_key: str = ""
    groq_model: str = "openai/gpt-oss-20b"
    groq_daily_tokens: int = Field(default=200_000, ge=0)
    groq_timeout_seconds: float = Field(default=60.0, gt=0)
    groq_backoff_seconds: float = Field(default=1.0, ge=0)

    # sending
    mail_transport: Transport = "smtp"
    smtp_host: str = Field(default="", validation_alias=_also_brevo("smtp_host"))
    smtp_port: int = Field(default=587, ge=1, le=65535, validation_alias=_also_brevo("smtp_port"))
    smtp_user: str = Field(default="", validation_alias=_also_brevo("smtp_user"))
    smtp_password: str = Field(default="", validation_alias=_also_brevo("smtp_password"))
    smtp_security: Security = "starttls"
    smtp_timeout_seconds: float = Field(default=60.0, gt=0)
    brevo_api_base_url: str = "https://api.brevo.com"
    brevo_api_key: str = ""
    mail_folder: Path | None = None
    proposal_delivery: Literal["attach", "link"] = "attach"
    brochure_file: Path | None = None
    email_send_interval_seconds: int = Field(default=360, ge=0)
    emails_per_hour: int = Field(default=10, ge=0)
    emails_per_day: int = Field(default=50, ge=0)
    sending_ramp: Annotated[tuple[int, ...], NoDecode] = (5, 8, 12, 18, 25, 35)
    same_domain_gap_seconds: int = Field(default=120, ge=0)
    use_guessed_addresses: bool = False
    message_max_age_days: int = Field(default=5, ge=1)
    unknown_max_age_days: int = Field(default=14, ge=1)
    send_on_weekends: bool = False
    follow_up_days: Annotated[tuple[int, ...], NoDecode] = (3, 7)
    track_opens: bool = True
    track_clicks: bool = True
    approval: Literal["off", "required"] = "off"
    dkim_selector: str = ""
    provider_terms_acknowledged: Annotated[tuple[str, ...], NoDecode] = ()
    breaker_window_days: int = Field(default=7, ge=1)
    breaker_bounce_percent: float = Field(default=5.0, ge=0, le=100)
    breaker_complaint_percent: float = Field(default=0.3, ge=0, le=100)

    # replies
    imap_host: str = ""
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Security = "tls"
    imap_user: str = ""
    imap_password: str = ""
    imap_folder: str = "INBOX"
    imap_sent_folder: str = ""
    imap_timeout_seconds: float = Field(default=30.0, gt=0)

    # alerts
    telegram_base_url: str = "https://api.telegram.org/bot"
    telegram_bot_token: str = ""
    telegram_chat_id: str = ""
    callmebot_base_url: str = "https://api.callmebot.com"
    callmebot_api_key: str = ""
    whatsapp_number: str = ""
    alert_timeout_seconds: float = Field(default=3.0, gt=0)
    alert_max_age_hours: int = Field(default=24, ge=1)

    # hours of the operator's day
    discovery_hour: int = Field(default=6, ge=0, le=23)
    outreach_hour: int = Field(default=9, ge=0, le=23)
    outreach_end_hour: int = Field(default=17, ge=1, le=24)
    reply_poll_minutes: int = Field(default=30, ge=1, le=60)
    report_hour: int = Field(default=23, ge=0, le=23)
    report_minute: int = Field(default=30, ge=0, le=59)
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    catch_up_days: int = Field(default=7, ge=0, le=60)
    pages_kept_days: int = Field(default=90, ge=7)
    last_partition: date | None = None

    @field_validator("dns_resolvers", "candidate_tlds", "search_engines", "provider_terms_acknowledged", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("privacy_url")
    @classmethod
    def _public_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "https" or not parts.hostname or re.search(r"""[\s<>"]""", value)):
            raise ValueError("must be an https address such as https://yourdomain.com/privacy")
        return value

    @field_validator("sending_ramp", "follow_up_days", mode="before")
    @classmethod
    def _whole_numbers(cls, value: object) -> object:
        """`5,8,12`, or `none`; an empty value means the default, as for every setting."""
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if [part.lower() for part in parts] == ["none"]:
            return ()
        if not all(part.isdecimal() and int(part) for part in parts):
            raise ValueError(f"{value!r} is not a list of numbers above zero such as 5,8,12, or none")
        return tuple(map(int, parts))

    def _problems(self) -> list[str]:
        groups = (
            ("smtp_host", "smtp_user", "smtp_password"),
            ("imap_host", "imap_user", "imap_password"),
            ("telegram_bot_token", "telegram_chat_id"),
            ("whatsapp_number", "callmebot_api_key"),
        )
        problems = super()._problems()
        for group in groups:
            missing = [name.upper() for name in group if not getattr(self, name)]
            if missing and len(missing) < len(group):
                problems.append(f"{' and '.join(missing)} missing: set all or none of {', '.join(group).upper()}")
        if self.leadgen_mode == "live":
            only_rehearsed = ("clock_file", "ca_file", "web_dial_map")
            problems += [f"{name.upper()} is only set by a rehearsal" for name in only_rehearsed if getattr(self, name)]
        if self.brochure_file and not (self.brochure_file.suffix.lower() == ".pdf" and self.brochure_file.is_file()):
            problems.append("BROCHURE_FILE must be a PDF that exists")
        if list(self.follow_up_days) != sorted(set(self.follow_up_days)) or len(self.follow_up_days) > _MOST_FOLLOW_UPS:
            problems.append(f"FOLLOW_UP_DAYS must rise, and name at most {_MOST_FOLLOW_UPS} days")
        if self.outreach_end_hour <= self.outreach_hour:
            problems.append("OUTREACH_END_HOUR must be later than OUTREACH_HOUR")
        return problems

    def _hosts(self) -> list[tuple[str, str]]:
        urls = {
            "GOOGLE_PLACES_BASE_URL": self.google_places_base_url if self.google_places_api_key else "",
            "OVERPASS_URL": self.overpass_url,
            "RDAP_URL": self.rdap_url,
            "SEARCH_URL": self.search_url,
            "GROQ_BASE_URL": self.groq_base_url if self.groq_api_key else "",
            "TELEGRAM_BASE_URL": self.telegram_base_url if self.telegram_bot_token else "",
            "BREVO_API_BASE_URL": self.brevo_api_base_url if self.brevo_api_key else "",
            "CALLMEBOT_BASE_URL": self.callmebot_base_url if self.callmebot_api_key else "",
        }
        hosts = [(name, urlsplit(url).hostname or "") for name, url in urls.items() if url]
        hosts += [("SMTP_HOST", self.smtp_host), ("IMAP_HOST", self.imap_host)]
        hosts += [("WEB_DIAL_MAP", target.rpartition(":")[0]) for target in self.web_dial_map.values()]
        return [*super()._hosts(), *hosts]

    @property
    def warehouse_folder(self) -> Path:
        """Parquet files, one per asset and day."""
        return self.leadgen_home / "warehouse"

    @property
    def messages_folder(self) -> Path:
        """Frozen messages, `<sha256>.eml`."""
        return self.leadgen_home / "messages"

    @property
    def mail_folder_path(self) -> Path:
        """Where MAIL_TRANSPORT=folder writes messages."""
        return self.mail_folder or self.leadgen_home / "outbox"

    @property
    def postgres_folder(self) -> Path:
        """The embedded PostgreSQL, where no DATABASE_URL is set."""
        return self.leadgen_home / "postgres"


def settings_or_defaults() -> Settings:
    """The settings, or their defaults where they are broken: the definitions' hours and zone must load all the same.

    Whatever needs a working setting calls `Settings.load` and reports what is wrong.
    """
    try:
        return Settings.load()
    except SettingsError as error:
        _log.warning("Hours and time zone are the defaults, because settings are broken. %s", error)
        return Settings.model_construct()
