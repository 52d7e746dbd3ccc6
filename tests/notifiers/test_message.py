from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers.message import Address, Attachment, message_id, one_line
from tests.notifiers.letters import a_letter

LINE_ENDERS = ["\r", "\n", "\r\n", "\x00", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"]
INJECTIONS = [f"甲{end}Bcc: x@evil.example" for end in LINE_ENDERS]
INJECTIONS += ["甲\r\n Bcc: x@evil.example", "甲\r\n.\r\nMAIL FROM:<x@evil.example>", "\ud800"]


@pytest.mark.parametrize("payload", INJECTIONS)
def test_no_field_of_a_message_can_end_its_line(payload: str) -> None:
    ascii_payload = payload.replace("甲", "a")
    for build in (
        lambda: a_letter(subject=payload),
        lambda: a_letter(message_id=f"{ascii_payload}@example.cn"),
        lambda: a_letter(in_reply_to=f"{ascii_payload}@example.cn"),
        lambda: a_letter(references=("a@example.cn", f"{ascii_payload}@example.cn")),
        lambda: a_letter(headers=(("List-Id", payload),)),
        lambda: a_letter(headers=((ascii_payload, "value"),)),
        lambda: Address("a@example.cn", payload),
        lambda: Address(f"{ascii_payload}@example.cn"),
        lambda: Address(f"a@{ascii_payload}"),
        lambda: Address(f"a@example.cn{ascii_payload}"),
        lambda: Attachment(payload, "text/plain", b""),
        lambda: Attachment("a.txt", f"text/{ascii_payload}", b""),
        lambda: Attachment("a.txt", f"text/plain; charset={ascii_payload}", b""),
    ):
        with pytest.raises(ValueError, match=r"."):
            build()


@pytest.mark.parametrize(
    "mail",
    [
        *("", "zhang", "@example.cn", "a@", "a b@example.cn", "a@b c", "<a@example.cn>", "a@@b"),
        *("a@.cn", "a@example.cn, b@example.cn", "a@-x.cn", "a.@example.cn", "a@例 子.中国"),
        *("张三@example.gov.cn", f"{'a' * 65}@b", f"a@{'b.' * 127}b"),
    ],
)
def test_what_is_not_shaped_like_an_address_is_refused_with_its_text(mail: str) -> None:
    with pytest.raises(ValueError, match=r"not a (mail address|domain)"):
        Address(mail)


@pytest.mark.parametrize("mail", ["a@localhost", "o'brien+x@mail-1.example.gov.cn", "a_b@x_y.cn"])
def test_intranet_and_unusual_addresses_are_taken_as_they_are(mail: str) -> None:
    assert Address(mail).wire == mail


def test_a_chinese_domain_travels_in_its_ascii_form() -> None:
    assert Address("zhang@例子.中国").wire == "zhang@xn--fsqu00a.xn--fiqs8s"


@pytest.mark.parametrize("name", ["", " ", "a/b.ics", "..\\b.ics"])
def test_an_attachment_has_a_plain_file_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a file name"):
        Attachment(name, "text/plain", b"")


@pytest.mark.parametrize("kind", ["text", "multipart/mixed", "message/rfc822", "text/plain; x", ""])
def test_an_attachment_is_a_file_not_a_mail(kind: str) -> None:
    with pytest.raises(ValueError, match="not the content type"):
        Attachment("a.txt", kind, b"")


@pytest.mark.parametrize(
    "name", ["Bcc", "To", "Subject", "Content-Type", "Resent-To", "auto-submitted", "", "a b", "a:"]
)
def test_headers_that_the_builder_owns_or_that_add_readers_cannot_be_added(name: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        a_letter(headers=((name, "x@example.cn"),))


def test_a_date_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        a_letter(date=datetime(2021, 9, 26, 8, 30))  # noqa: DTZ001


def test_a_message_id_follows_from_its_parts_alone() -> None:
    first = message_id("person 7", "2021-09-26 08:30", "smtp", domain="example.gov.cn")
    assert first == message_id("person 7", "2021-09-26 08:30", "smtp", domain="example.gov.cn")
    assert first.endswith("@example.gov.cn")


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_other_parts_give_another_id_and_every_id_is_valid(a: list[str], b: list[str]) -> None:
    one, other = (message_id(*parts, domain="例子.中国") for parts in (a, b))
    assert (one == other) == (a == b)
    a_letter(message_id=one, references=(other,))


@given(st.text())
def test_any_text_made_one_line_fits_a_subject(text: str) -> None:
    a_letter(subject=one_line(text))


def test_one_line_keeps_the_words() -> None:
    assert one_line("  第一行\r\n\t第二行\x00 \u2028第三行 ") == "第一行 第二行 第三行"
