"""The built message, read back with the standard library's parser as a mail client would."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen_assets.domain.markers import OFFER, PIXEL, UNSUBSCRIBE
from leadgen_assets.domain.message import (
    Attachment,
    FinalMessage,
    MessageDraft,
    MessageError,
    Sender,
    build_message,
    dated,
)

ID = UUID("0b54b0c8-7f6e-5a53-9f0c-0f7a0d9b1c2e")
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SENDER = Sender("Anna Example", "anna@agency.test", "replies@agency.test")
LINKS = {
    OFFER: "https://track.agency.test/track/click/" + "c" * 120,
    UNSUBSCRIBE: "https://track.agency.test/unsubscribe/" + "u" * 60,
    PIXEL: "https://track.agency.test/track/open/" + "p" * 60,
}
TEXT = f"Hello,\nsee {OFFER}\nor never hear from me again: {UNSUBSCRIBE}\n"
HTML = f'<p>Hello <a href="{OFFER}">see</a> <a href="{UNSUBSCRIBE}">no</a></p><img src="{PIXEL}">'
PDF = bytes(range(256)) * 40


def built(
    *, subject: str = "A question", text: str = TEXT, html: str = HTML, to: str = "info@shop.test",
    sender: Sender = SENDER, attachments: Sequence[Attachment] = (),
) -> FinalMessage:  # fmt: skip
    draft = MessageDraft(ID, 1, to, subject, text, html, attachments)
    return build_message(draft, sender, LINKS.__getitem__)


def parsed(final: FinalMessage) -> EmailMessage:
    return message_from_bytes(final.content, policy=policy.default)


def test_the_headers_are_those_that_mailbox_providers_ask_for() -> None:
    message = parsed(built())
    reply_to = f"replies+{ID.hex}@agency.test"
    assert message["From"] == "Anna Example <anna@agency.test>"
    assert message["To"] == "info@shop.test"
    assert message["Reply-To"] == reply_to
    assert message["Message-ID"] == f"<{ID}.1@agency.test>"
    assert message["List-Unsubscribe"] == f"<{LINKS[UNSUBSCRIBE]}>, <mailto:{reply_to}?subject=unsubscribe>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["X-Mailin-custom"] == f"outreach:{ID}"
    assert message["MIME-Version"] == "1.0"


def test_the_date_is_added_at_the_hand_over_and_is_the_only_change() -> None:
    frozen = built().content
    assert parsed(built())["Date"] is None
    leaving = dated(frozen, AT)
    assert leaving == b"Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n" + frozen
    assert dated(leaving, datetime(2027, 1, 1, tzinfo=UTC)) == leaving
    assert message_from_bytes(leaving, policy=policy.default)["Date"].datetime == AT


def test_text_and_html_are_alternatives_with_working_links() -> None:
    message = parsed(built(attachments=[Attachment("Shop_Proposal.pdf", PDF)]))
    assert message.get_content_type() == "multipart/mixed"
    alternative, pdf = message.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in alternative.iter_parts())
    assert [part.get_content_type() for part in alternative.iter_parts()] == ["text/plain", "text/html"]
    assert LINKS[OFFER] in text
    assert LINKS[UNSUBSCRIBE] in text
    assert all(link in html for link in LINKS.values())
    assert "links.invalid" not in text + html
    assert (pdf.get_content_type(), pdf.get_content()) == ("application/pdf", PDF)


def test_an_attachment_has_a_name_for_old_clients_and_its_full_name_for_others() -> None:
    final = built(attachments=[Attachment("Bäckerei Müller 🥐_Proposal.pdf", PDF)])
    header = re.search(rb"Content-Disposition: ([^\r]+(?:\r\n [^\r]+)*)", final.content)
    assert header is not None
    assert header[1].startswith(
        b"attachment; filename=\"Backerei_Muller_Proposal.pdf\";\r\n filename*=utf-8''B%C3%A4ckerei"
    )
    [part] = parsed(final).iter_attachments()
    assert part.get_filename() == "Backerei_Muller_Proposal.pdf"
    full = EmailMessage()
    full["Content-Disposition"] = "attachment; " + header[1].decode().partition("\r\n ")[2]
    assert full.get_filename() == "Bäckerei Müller 🥐_Proposal.pdf"


@pytest.mark.parametrize(
    "name", ["مخبز_Proposal.pdf", "🥐.pdf", "../../etc/passwd_Proposal.pdf", 'a"b;c_Proposal.pdf', "x" * 300 + ".pdf"]
)
def test_any_name_gives_a_safe_file_name(name: str) -> None:
    [part] = parsed(built(attachments=[Attachment(name, PDF)])).iter_attachments()
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}\.pdf", part.get_filename())


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, second = (built(attachments=[Attachment("a.pdf", PDF)]) for _ in range(2))
    assert first == second
    assert first.content != built(subject="Another question").content


def test_every_line_ends_in_crlf_and_fits_into_what_smtp_allows() -> None:
    final = built(text=TEXT + "word " * 3000, attachments=[Attachment("é" * 90 + ".pdf", PDF)])
    assert b"\n" not in final.content.replace(b"\r\n", b"")
    assert max(len(line) for line in final.content.split(b"\r\n")) <= 998
    final.content.decode("ascii")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200).filter(str.strip))
def test_any_subject_and_sender_name_survive_the_journey(value: str) -> None:
    final = built(subject=value, sender=Sender(value, "anna@agency.test", "replies@agency.test"))
    assert _spaced(parsed(final)["Subject"]) == _spaced(value)
    # The modern parser of Python 3.11 puts a space between encoded words of a name; the older one reads them rightly.
    name, address = parseaddr(message_from_bytes(final.content)["From"])
    assert address == "anna@agency.test"
    assert _spaced(str(make_header(decode_header(name)))) == _spaced(value)
    assert parsed(final).defects == []


@pytest.mark.parametrize(
    "bad", ["Hello\r\nBcc: all@victim.test", "Hello\nX: y", "a\x00b", "a\u2028b", "a\x85b", "", "  "]
)
def test_nothing_can_be_smuggled_into_a_header(bad: str) -> None:
    for options in (
        {"subject": bad},
        {"sender": Sender(bad, "anna@agency.test", "replies@agency.test")},
        {"to": f"info@shop.test{bad}x" if bad.strip() else bad},
        {"attachments": [Attachment(bad, PDF)]},
    ):
        with pytest.raises(MessageError):
            built(**options)


@pytest.mark.parametrize(
    "to",
    ["nobody", "a@b@c.test", "a b@c.test", "ü@shop.test", "info@bäckerei.test", "<a@b.test>", "a@b.test, c@d.test"],
)
def test_an_unusable_address_is_refused(to: str) -> None:
    with pytest.raises(MessageError, match="address"):
        built(to=to)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"text": f"Hello {OFFER}"}, "text part has no unsubscribe link"),
        ({"html": f"<p>{OFFER}</p>"}, "HTML part has no unsubscribe link"),
        ({"html": HTML + "https://links.invalid/other"}, "still holds a placeholder"),
        ({"text": TEXT + "\x00"}, "cannot be sent"),
        ({"text": TEXT + "\ud800"}, "cannot be sent"),
    ],
)
def test_an_unfinished_message_is_refused(options: dict, sentence: str) -> None:
    with pytest.raises(MessageError, match=sentence):
        built(**options)


def _spaced(value: str) -> str:
    return " ".join(value.split())
