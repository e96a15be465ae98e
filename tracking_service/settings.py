"""The settings that the tracking service needs, and the loading rules that the whole product shares.

Every setting is one environment variable or one line of `.env`. Where LEADGEN_ENV_FILE is set, that file alone is
read and the environment is ignored: so a rehearsal can never pick up a live key. Settings of the pipeline belong in
`leadgen_assets.settings`.
"""

import os
import re
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableValueError

from tracking_service.api_keys import hash_of
from tracking_service.clock import Clock, clock_at
from tracking_service.links import LinkSigner
from tracking_service.loopback import is_loopback

ENV_FILE_VARIABLE = "LEADGEN_ENV_FILE"
Mode = Literal["rehearsal", "live"]
# False while somebody wants to see settings that do not go together.
_taken_together: ContextVar[bool] = ContextVar("settings_taken_together", default=True)


class SettingsError(Exception):
    """One sentence that lists every missing or wrong setting at once.

    Attributes:
        problems: the same, one clause each.
    """

    def __init__(self, sentence: str, problems: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.problems = list(problems)


def env_file() -> Path:
    """The file settings are read from: LEADGEN_ENV_FILE, else `.env` in the working directory."""
    return Path(os.environ.get(ENV_FILE_VARIABLE) or ".env")


def use_env_file(path: Path) -> None:
    """Make this process and its children read their settings from one file alone."""
    os.environ[ENV_FILE_VARIABLE] = str(path)


class ServiceSettings(BaseSettings):
    """Settings of the tracking service; see `.env.example` for what each one means."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, env_file_encoding="utf-8")

    leadgen_mode: Mode = "rehearsal"
    leadgen_home: Path = Path.home() / ".leadgen"
    app_url: str = "http://127.0.0.1:8000"
    app_secret_key: str = Field(default="rehearsal-only-secret-key-0123456789", min_length=24)
    app_secret_keys_retired: Annotated[tuple[str, ...], NoDecode] = ()
    api_key: str = ""
    api_keys: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    api_calls_per_minute: int = Field(default=120, ge=1)
    brevo_webhook_token: str = ""
    database_url: str | None = None
    clock_file: Path | None = None
    operator_timezone: str = "UTC"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    tracking_host: str = "127.0.0.1"
    tracking_port: int = Field(default=8000, ge=0, le=65535)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    own_networks: Annotated[tuple[str, ...], NoDecode] = ()
    hits_per_minute_and_network: int = Field(default=6000, ge=1)
    hits_per_minute_and_link: int = Field(default=60, ge=1)
    hit_network_days: int = Field(default=30, ge=1)
    database_timeout_seconds: float = Field(default=2.0, gt=0)
    request_timeout_seconds: float = Field(default=30.0, gt=0)
    from_name: str = "Your Name"
    from_email: str = "you@example.com"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the named file where there is one, else the environment before `.env`."""
        if os.environ.get(ENV_FILE_VARIABLE):
            return (init_settings, dotenv_settings)
        return (init_settings, env_settings, dotenv_settings)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the settings.

        Raises:
            SettingsError: listing every missing or wrong setting at once.
        """
        path = env_file()
        settings, problems = cls._read(path, overrides)
        if problems or settings is None:
            raise SettingsError(f"Mend these settings in {path} or the environment: {'; '.join(problems)}.", problems)
        return settings

    @classmethod
    def load_as_far_as_possible(cls) -> tuple[Self, list[str]]:
        """The settings with the default where one is wrong, and what is wrong; for whoever examines them.

        Raises:
            SettingsError: if the file cannot be read at all.
        """
        settings, problems = cls._read(env_file(), {})
        if settings is None:  # they are well-formed, and do not go together
            token = _taken_together.set(False)
            try:
                settings = cls._read(env_file(), {})[0]
            finally:
                _taken_together.reset(token)
        assert settings is not None  # noqa: S101 what is wrong one by one was replaced
        return settings, problems

    @classmethod
    def _read(cls, path: Path, overrides: dict[str, Any]) -> tuple[Self | None, list[str]]:
        """The settings, None where they do not go together, and everything that is wrong."""
        found: list[str] = []
        try:
            return cls(_env_file=path, **overrides), found  # type: ignore[call-arg]
        except ValidationError as error:
            found += _sentences(error)
            wrong = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
        except UnreadableValueError as error:
            name = re.findall(r'"(\w+)"', str(error))[:1] or ["a setting"]
            raise SettingsError(f"Mend {name[0].upper()} in {path} or the environment: it must be JSON.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The settings file {path} cannot be read: {error}.") from None
        if not wrong:
            return None, found
        # Rules over several settings only run once each one is well-formed: ask them too.
        defaults = {name: cls.model_fields[name].get_default(call_default_factory=True) for name in wrong}
        settings, more = cls._read(path, overrides | defaults)
        return settings, found + more

    @field_validator("app_secret_keys_retired", "trusted_proxies", "own_networks", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("api_key", "brevo_webhook_token")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        if value and len(value) < 24:
            raise ValueError("must have at least 24 characters; `leadgen api-key` makes one")
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _named_hashes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition(":") for part in value.split(",") if part.strip()]
        for name, _, hexadecimal in pairs:
            if not (name and re.fullmatch("[0-9a-f]{64}", hexadecimal)):
                raise ValueError("must hold name:hash,name:hash as `leadgen api-key NAME` prints them")
        return {name: hexadecimal for name, _, hexadecimal in pairs}

    @field_validator("operator_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Helsinki") from None
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres_url(cls, value: str | None) -> str | None:
        if not value:
            return None
        scheme, _, rest = value.partition("://")
        if scheme.partition("+")[0] not in {"postgresql", "postgres"} or not rest:
            raise ValueError("must start with postgresql:// (postgresql+asyncpg:// is accepted)")
        return f"postgresql://{rest}"

    @field_validator("leadgen_home")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _rules_over_several(self) -> Self:
        problems = self._problems() if _taken_together.get() else []
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> list[str]:
        """What is wrong with settings taken together, one clause each."""
        if self.leadgen_mode != "rehearsal":
            return []
        return [
            f"{name} names {host!r}, but a rehearsal uses loopback only (set LEADGEN_MODE=live)"
            for name, host in self._hosts()
            if not is_loopback(host)
        ]

    def _hosts(self) -> list[tuple[str, str]]:
        hosts = [("APP_URL", urlsplit(self.app_url).hostname or "")]
        if self.database_url:
            parts = urlsplit(self.database_url)
            socket_folder = parse_qs(parts.query).get("host", [""])[0]
            hosts.append(("DATABASE_URL", "" if socket_folder.startswith("/") else (parts.hostname or socket_folder)))
        return hosts

    @property
    def clock(self) -> Clock:
        """The clock of this process."""
        return clock_at(self.clock_file)

    @property
    def link_signer(self) -> LinkSigner:
        """Signs with APP_SECRET_KEY and still accepts the retired keys (oldest first)."""
        secrets = [*self.app_secret_keys_retired, self.app_secret_key]
        return LinkSigner(dict(enumerate(secrets)))

    @property
    def api_key_hashes(self) -> dict[str, str]:
        """Name of each key of the management API to its hash; API_KEY is called `default`."""
        return self.api_keys | ({"default": hash_of(self.api_key)} if self.api_key else {})

    @property
    def proposals_folder(self) -> Path:
        """Proposals that messages link to, `<outreach id>.pdf`."""
        return self.leadgen_home / "proposals"

    @property
    def spool_folder(self) -> Path:
        """Where hits wait while PostgreSQL is away."""
        return self.leadgen_home / "spool"


def _sentences(error: ValidationError) -> list[str]:
    found = []
    for item in error.errors():
        words = _in_words(item["msg"])
        name = str(item["loc"][0]).upper() if item["loc"] else ""
        found += [f"{name}{' ' if words.startswith('must ') else ': '}{words}"] if name else words.split("; ")
    return found


# What the library says about a value, and how it is said to an operator.
_LIBRARY_WORDS = (
    (r"Value error, ", ""),
    (r"Input should be a valid boolean, .*", "must be true or false"),
    (r"Input should be a valid integer, .*", "must be a whole number"),
    (r"Input should be a valid number, .*", "must be a number"),
    (r"Input should be a valid date.*", "must be a day such as 2026-03-02"),
    (r"Input should be greater than or equal to ", "must be at least "),
    (r"Input should be less than or equal to ", "must be at most "),
    (r"Input should be (greater|less) than ", r"must be \1 than "),
    (r"(Input|String|Value) should ", "must "),
)


def _in_words(message: str) -> str:
    for pattern, words in _LIBRARY_WORDS:
        message, found = re.subn(f"^{pattern}", words, message)
        if found:
            break
    return message
