"""Email extraction: the floors on the labelled pages, and single disguises and decoys in the words of one line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.extraction import CASES, LEAST_PRECISION, LEAST_RECALL, read_cases, score
from leadgen_assets.domain.email_extraction import extract_emails
from leadgen_assets.domain.email_ownership import carries_name

URL = "https://halla.test/"


def found(body: str, url: str = URL) -> list[str]:
    return [email.address for email in extract_emails(f"<body>{body}</body>", url, "Konditoria Halla")]


def test_the_labelled_pages_are_read_well_enough() -> None:
    result = score(CASES)
    assert result["pages"] >= 60
    assert result["precision"] >= LEAST_PRECISION, result["wrong"]
    assert result["recall"] >= LEAST_RECALL, result["wrong"]
    assert result["passed"]


def test_pages_that_the_rules_were_not_made_with_are_read_as_well() -> None:
    result = score(CASES.parent / "emails_second")
    assert result["passed"], result["wrong"]


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no labelled pages"):
        read_cases(tmp_path)
    (tmp_path / "labels.jsonl").write_text('{"page": "away.html", "emails": []}\n')
    with pytest.raises(ValueError, match=r"away\.html"):
        read_cases(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "info@halla.test", "<p>INFO@HALLA.TEST.</p>", "info (at) halla.test", "info[at]halla[dot]test", "info (ät) halla (piste) test",
        "info AT halla DOT test", "email: info at halla.test", "info arroba halla punto test", "info@halla dot test", "info ＠ halla．test",
        "info_at_halla_dot_test", "info&#64;halla&period;test", "<b>info</b>@<i>halla</i>.test", "info@NOSPAM.halla.test", "info@halla.testPuhelin",
        "Sähköposti<span>info@halla.test</span>Puhelin", '<a href="info@halla.test">mail</a>', '<img src="a.png" alt="info@halla.test">',
        '<span style="display:flex;flex-direction:row-reverse"><b>halla.test</b><b>@</b><b>info</b></span>', "info<!-- @x.test -->@halla.test",
        '<form action="mailto:info@halla.test"></form>', '<a href="mailto:?to=info%40halla.test">x</a>', "info#halla.test (replace # with @)",
        '<span style="direction:rtl">tset.allah@ofni</span>', "\u202etset.allah@ofni\u202c", "info -at- halla -dot- test", "info<i class='fa fa-at'></i>halla.test",
        'info<img src="/i/at.gif">halla.test', 'info<img src="x.gif" alt="@">halla.test', '<a href="https://mail.google.com/mail/?view=cm&to=info@halla.test">x</a>',
    ],
)  # fmt: skip
def test_disguises_are_read(text: str) -> None:
    assert found(text) == ["info@halla.test"]


@pytest.mark.parametrize(
    "text",
    [
        "logo@2x.png", "@halla@mastodon.social", "we are @ halla.test", "meet us at halla.test", "https://user@halla.test/x", "npm i swiper@11.1",
        "etunimi.sukunimi@halla.test", "you@halla.test", "no-reply@halla.test", "605a7baede844d278b89dc95ae0a9123@halla.test", "info@halla",
        "<script>'info@halla.test'</script>", "<style>/* info@halla.test */</style>", "<!-- info@halla.test -->", "name@example.com",
        '<input value="info@halla.test">', '<p style="display:none">info@halla.test</p>', "Design: Pixel, pixel@studio.test",
        "Kotisivut: Paja (paja.sivut@gmail.com)", "for example minna.m.ostaja@gmail.com", '<div class="comment">a.b.visitor@gmail.com</div>',
        "a@aa.test, b@bb.test, c@cc.test", "support@wix.com", "(a) halla.test",
    ],
)  # fmt: skip
def test_decoys_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_an_own_address_beats_a_foreign_one_and_a_lone_foreign_one_is_said_to_be_foreign() -> None:
    assert found("info@halla.test tilaus@muu.test") == ["info@halla.test"]
    (lone,) = extract_emails("<body>Email: tilaus@muu.test</body>", URL, "Konditoria Halla")
    assert (lone.address, lone.nearness) == ("tilaus@muu.test", "other")


def test_print_styles_hide_nothing_from_the_screen() -> None:
    assert found("<style>@media print {.c{display:none}}</style><p class=c>info@halla.test</p>") == ["info@halla.test"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>/=\"'@.()[]at dotpinfo:\ue000\ue001\ue010{};#&\u202e\n"), max_size=200))
def test_no_page_is_too_broken(body: str) -> None:
    for email in extract_emails(body, URL, "Halla"):
        assert email.address.count("@") == 1


@pytest.mark.parametrize(
    ("domain", "name", "expected"),
    [
        ("konditoria-halla.test", "Konditoria Halla", True), ("konditoriahalla.co.uk", "Konditoria Halla Oy", True),
        ("thegreatlamp.test", "Great Lamp Company", False), ("greatlampcompany.test", "The Great Lamp Company", True),
        ("ravintola.test", "Ravintola Kaarna", False), ("studiopolder.test", "Studio", False), ("x.test", "X", False), ("halla.test", "花屋", False),
    ],
)  # fmt: skip
def test_a_domain_carries_a_name_where_it_is_most_of_it(domain: str, name: str, expected: bool) -> None:
    assert carries_name(domain, name) is expected
