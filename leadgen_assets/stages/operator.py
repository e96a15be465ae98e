"""Who writes and what is offered, as the settings say it: the same in letters, follow-ups and proposals.

What a services file must hold is in `domain/services`; what stands where in a letter in its templates.
"""

from dataclasses import replace

from leadgen_assets.domain.drafting import Operator
from leadgen_assets.domain.services import Services, ServicesError, packaged_services_text, parse_services
from leadgen_assets.settings import Settings


def operator_of(settings: Settings, services: Services | None = None) -> Operator:
    """Who writes; without services, for a message that offers nothing of them."""
    operator = Operator(
        name=settings.from_name,
        company=settings.company_name,
        email=settings.from_email,
        phone=settings.company_phone,
        website=settings.company_website,
        postal_address=settings.postal_address,
        privacy_url=settings.privacy_url,
    )
    return replace(operator, consultation=services.consultation) if services else operator


def services_of(settings: Settings) -> Services:
    """The operator's own services, else the packaged example.

    Raises:
        ServicesError: if the file cannot be read, or does not hold what the price page needs.
    """
    path = settings.services_file
    try:
        text = path.read_text(encoding="utf-8") if path else packaged_services_text()
    except (OSError, UnicodeDecodeError):
        raise ServicesError(f"SERVICES_FILE {path} cannot be read.") from None
    return parse_services(text, show_example_prices=settings.leadgen_mode == "rehearsal")
