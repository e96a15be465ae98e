"""What must be in order before anything leaves in live mode; each refusal is one clause that says what to mend.

Asked by `leadgen doctor`, by whatever starts live, and by the sender itself before it sends. Limits in time belong to
`domain/pacing`, what forbids a single message to `claims`.
"""

from leadgen_assets.settings import Settings

_NOBODY = ("example.com", "example.org", "example.net")


def refusals(settings: Settings) -> list[str]:
    """Why nothing may be sent with these settings; empty where it may."""
    if settings.leadgen_mode != "live":
        return []
    return [mend for _, holds, mend in demands(settings) if not holds]


def demands(settings: Settings) -> list[tuple[str, bool, str]]:
    """What live mode asks for: a name, whether it holds, and what to mend where it does not."""
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
        ("secret", secret, "APP_SECRET_KEY must be a secret of your own: it signs every link"),
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
    ]
