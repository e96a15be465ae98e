"""What a person may name to be left alone: an address, or a domain that somebody registered.

A slip here would last for ever and could silence a whole country, so what names nobody is refused.
"""

from email_validator import EmailNotValidError, validate_email

from leadgen_assets.domain.hosts import has_public_suffix, is_free_mail


class NotSuppressibleError(Exception):
    """What was named is neither an address nor a registered domain; the message says what it is instead."""


def suppressible(named: str, *, mail_provider: bool = False) -> tuple[str, str]:
    """Kind (address, domain) and value of what was named.

    Args:
        named: as a person typed it.
        mail_provider: whether the whole of a provider such as gmail.com is really meant.

    Raises:
        NotSuppressibleError: where it names nobody, or everybody of a provider by what may be a slip.
    """
    value = named.strip().lower()
    if "@" in value:
        try:
            found = validate_email(value, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            found = None
        if found is None or not has_public_suffix(found.ascii_domain):
            raise NotSuppressibleError(f"{named!r} is not an address such as owner@shop.fi.")
        return "address", value
    domain = value.rstrip(".")
    try:
        # A domain is well-formed where an address in it is.
        ascii_domain = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError:
        ascii_domain = ""
    if not ascii_domain or not has_public_suffix(ascii_domain):
        raise NotSuppressibleError(
            f"{named!r} is neither an address such as owner@shop.fi nor a domain that somebody registered, such as"
            " shop.fi."
        )
    if is_free_mail(domain) and not mail_provider:
        raise NotSuppressibleError(
            f"{domain} is a mail provider's: nobody there would ever be written to again."
            " Name the address, or say --yes if all of them are meant."
        )
    return "domain", domain
