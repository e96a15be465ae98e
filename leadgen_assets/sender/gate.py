"""What must be in order before anything leaves in live mode; each refusal is one clause that says what to mend.

Asked by `leadgen doctor`, by whatever starts live, and by the sender itself before it sends. Limits in time belong to
`domain/pacing`, what forbids a single message to `claims`.
"""

from collections.abc import Iterator

from leadgen_assets.settings import Settings

REPORT_MAILS = 1  # a day's quota leaves room for its report
_BREVO_HOSTS = ("brevo.com", "sendinblue.com")
_NOBODY = ("example.com", "example.org", "example.net")


def refusals(settings: Settings) -> list[str]:
    """Why nothing may be sent with these settings; empty where it may."""
    if settings.leadgen_mode != "live":
        return []
    wanted = demands(settings)
    if all(holds for _, holds, _ in wanted):
        from leadgen_assets.sender.preconditions import outside_demands  # only live batches need what it imports

        wanted = outside_demands(settings)
    return [mend for _, holds, mend in wanted if not holds]


def demands(settings: Settings) -> list[tuple[str, bool, str]]:
    """What live mode asks of the settings: a name, whether it holds, and what to mend where it does not."""
    addresses = (settings.from_email, settings.reply_to_email, settings.admin_email)
    secret = settings.app_secret_key != Settings.model_fields["app_secret_key"].default
    return [
        (
            "postal address",
            bool(settings.postal_address.strip()),
            "POSTAL_ADDRESS is empty: every message must say where its sender can be found",
        ),
        (
            "public address",
            settings.app_url.startswith("https://"),
            "APP_URL must be the https address of the tracking service: links and unsubscribing depend on it",
        ),
        (
            "secret",
            secret,
            "APP_SECRET_KEY must be a secret of your own, because it signs every link:"
            " `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` makes one",
        ),
        (
            "sender",
            not any(address.endswith(_NOBODY) for address in addresses),
            "FROM_EMAIL, REPLY_TO_EMAIL and ADMIN_EMAIL must be addresses of your own",
        ),
        (
            "company",
            not settings.company_website.rstrip("/").endswith(_NOBODY),
            "COMPANY_NAME and COMPANY_WEBSITE must be your own",
        ),
        (
            "services",
            settings.services_file is not None,
            "SERVICES_FILE must name your own packages and prices, because the packaged ones are an example:"
            " copy leadgen_assets/templates/services.toml and edit it",
        ),
        (
            "quota",
            settings.emails_per_day > REPORT_MAILS and settings.emails_per_hour > 0,
            f"EMAILS_PER_DAY must be more than {REPORT_MAILS} (the report's) and EMAILS_PER_HOUR more than 0",
        ),
        *_terms(settings),
    ]


def _terms(settings: Settings) -> Iterator[tuple[str, bool, str]]:
    """Providers in use whose terms forbid or restrict this use: the operator says that they were read."""
    by_api = settings.mail_transport == "brevo_api"
    uses_brevo = by_api or settings.smtp_host.lower().endswith(_BREVO_HOSTS)
    uses_places = bool(settings.google_places_api_key)
    providers = (
        ("brevo", uses_brevo, "its terms forbid mail that was not asked for and it suspends accounts for it"),
        ("google_places", uses_places, "its terms forbid storing most of what it answers for longer than 30 days"),
    )
    for name, used, terms in providers:
        if used:
            yield (
                f"terms of {name}",
                name in settings.provider_terms_acknowledged,
                f"{name}: {terms}; if you answer for that, add {name} to PROVIDER_TERMS_ACKNOWLEDGED",
            )
