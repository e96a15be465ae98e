"""`leadgen send-test`: how a letter looks and whether the mail account works, before anybody else gets one."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from leadgen_assets.cli.chosen_home import InHome, settings_in
from leadgen_assets.cli.outcome import AsJson, console, ends_in_a_sentence, print_json

if TYPE_CHECKING:
    from leadgen_assets.settings import Settings
    from leadgen_assets.stages.sample_letter import SampleLetter


@ends_in_a_sentence
def send_test(
    address: Annotated[str, typer.Argument(help="An address of your own.")],
    home: InHome = None,
    as_json: AsJson = False,
) -> None:
    """Send yourself one letter with its PDF, as a lead would get it; the ledger knows nothing of it."""
    from leadgen_assets.sender.trial_mail import require_mail_server, require_own_address, send_trial
    from leadgen_assets.stages.sample_letter import sample_letter
    from tracking_service.loopback import install_loopback_guard

    settings = settings_in(home)
    if settings.leadgen_mode == "rehearsal":
        install_loopback_guard()
        require_mail_server(settings)
    require_own_address(settings, address)
    clock = settings.clock
    letter = sample_letter(settings, clock.now(), address)
    row = letter.frozen.row
    attempt = send_trial(settings, clock, row.id, letter.frozen.final.content, address)
    reply = f"{attempt.code or ''} {attempt.reply}".strip()
    if as_json:
        print_json(
            {
                "to": address,
                "subject": row.subject,
                "business": letter.business,
                "drafted_on": letter.drafted_on,
                "attachments": row.attachment_names,
                "without_pdf": letter.without_pdf or None,
                "message_id": row.message_id,
                "carrier": _carrier(settings),
                "reply": reply,
            }
        )
        return
    console.print(f"[green]✓[/green] {escape(_carrier(settings))} took it over: {escape(reply)}", soft_wrap=True)
    for line in _lines(settings, letter):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _lines(settings: "Settings", letter: "SampleLetter") -> list[str]:
    row = letter.frozen.row
    about = f"the letter to {letter.business}, drafted on {letter.drafted_on}, as it reads with today's settings"
    if letter.drafted_on is None:
        about = "there is no draft yet, so it is about an invented business"
    names = ", ".join(row.attachment_names) or letter.without_pdf or "nothing"
    linked = (
        "; leads get a link to it instead" if settings.proposal_delivery == "link" and not letter.without_pdf else ""
    )
    return [
        f"  To {row.to_email}: {row.subject}",
        f"  Text: {about}.",
        f"  Attached: {names.rstrip('.')}{linked}.",
        "  Look at: whether it is in the inbox or among spam; its headers (SPF, DKIM, DMARC must say pass); its links.",
        "  They work as those of every letter, and whatever you do with them counts for nobody.",
    ]


def _carrier(settings: "Settings") -> str:
    if settings.mail_transport == "folder":
        return str(settings.mail_folder_path)
    if settings.mail_transport == "brevo_api":
        return settings.brevo_api_base_url
    return f"{settings.smtp_host}:{settings.smtp_port}"
