"""Texts as octets and back: alphabets, the shortest coding, parts (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import pytest

from vestibule.wire.smpp import alphabet
from vestibule.wire.smpp.coding import DataCoding, decode_text, encode_text
from vestibule.wire.smpp.messages import DeliverSm
from vestibule.wire.smpp.numbers import HAS_USER_DATA_HEADER, SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL
from vestibule.wire.smpp.parts import Part, cut, part_of

FAMILY = "👨‍👩‍👧‍👦"


def received(octets: bytes, data_coding: int = 0, *, has_header: bool = True) -> DeliverSm:
    esm_class = HAS_USER_DATA_HEADER if has_header else 0
    return DeliverSm(short_message=octets, data_coding=data_coding, esm_class=esm_class)


@pytest.mark.parametrize("code", [code for code in range(128) if code != alphabet.ESCAPE])
def test_every_septet_comes_back(code: int) -> None:
    """3GPP TS 23.038 §6.2.1: the table is one to one."""
    assert alphabet.encode(alphabet.decode(bytes((code,)))) == bytes((code,))


@pytest.mark.parametrize("character", "\f^{}\\[~]|€")
def test_the_extension_table_comes_back(character: str) -> None:
    septets = alphabet.encode(character)
    assert septets is not None
    assert septets[0] == alphabet.ESCAPE
    assert alphabet.decode(septets) == character


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"\x1b\x41", "A"),  # an extension that is not known
        (b"\x1b\x1b", " "),
        (b"A\x1b", "A"),
        (b"\xc1\x80", "A@"),  # the eighth bit means nothing
        (b"\x9b\x65", "€"),
        (b"", ""),
    ],
)
def test_septets_that_nobody_should_send(septets: bytes, text: str) -> None:
    assert alphabet.decode(septets) == text


@pytest.mark.parametrize(
    ("text", "coding", "octets"),
    [
        ("Your passcode: 123456", DataCoding.DEFAULT, b"Your passcode: 123456"),
        ("Grüße für 5 €", DataCoding.DEFAULT, b"Gr~\x1ee f~r 5 \x1be"),
        ("Код: 1", DataCoding.UCS_2, bytes.fromhex("041a043e0434003a00200031")),
        ("ok 👍", DataCoding.UCS_2, bytes.fromhex("006f006b0020d83ddc4d")),
        ("ç", DataCoding.UCS_2, bytes.fromhex("00e7")),  # small c with cedilla is not in the alphabet
        ("half \ud83d", DataCoding.UCS_2, "half ?".encode("utf-16-be")),
    ],
)
def test_the_coding_of_a_text(text: str, coding: DataCoding, octets: bytes) -> None:
    encoded = encode_text(text)
    assert (encoded.data_coding, encoded.octets) == (coding, octets)


def test_latin_1_only_where_the_network_takes_it_and_it_is_shorter() -> None:
    assert encode_text("façade", with_latin_1=True).data_coding is DataCoding.LATIN_1
    assert encode_text("facade", with_latin_1=True).data_coding is DataCoding.DEFAULT
    assert encode_text("Код", with_latin_1=True).data_coding is DataCoding.UCS_2
    braces = "{}" * 20  # 80 septets in the default alphabet, 40 octets in Latin-1
    assert encode_text(braces, with_latin_1=True).data_coding is DataCoding.LATIN_1


def test_a_network_whose_own_alphabet_is_latin_1() -> None:
    encoded = encode_text("façade @", default_is_latin_1=True)
    assert (encoded.data_coding, encoded.octets) == (DataCoding.DEFAULT, b"fa\xe7ade @")
    assert decode_text(encoded.octets, 0, default_is_latin_1=True) == "façade @"
    assert encode_text("€", default_is_latin_1=True).data_coding is DataCoding.UCS_2


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"Gr~\x1ee", 0, "Grüße"),
        (b"Gr\xfc\xdfe", 3, "Grüße"),
        ("Да 👍".encode("utf-16-be"), 8, "Да 👍"),
        ("Да".encode("utf-16-be"), 0x18, "Да"),
        ("\ufeffДа".encode("utf-16-be"), 8, "Да"),
        ("Да".encode("iso8859_5"), 6, "Да"),
        ("שלום".encode("iso8859_8"), 7, "שלום"),
        (b"1", 0xF0, "1"),
        (b"1", 1, "1"),
        (b"\xff", 1, "\ufffd"),
        (b"1", 4, "1"),
        (b"\x041", 8, "б"),
        (b"\x04", 8, "\ufffd"),
        (b"\xd8\x3d", 8, "\ufffd"),
    ],
)
def test_what_comes_in_is_read(octets: bytes, data_coding: int, text: str) -> None:
    """SMS-03: nothing that a phone may send raises."""
    assert decode_text(octets, data_coding) == text


@pytest.mark.parametrize(
    ("text", "is_wide", "sizes"),
    [
        ("x" * 160, False, [160]),
        ("x" * 161, False, [6 + 153, 6 + 8]),
        ("x" * 161, True, [7 + 152, 7 + 9]),
        ("x" * 400, False, [159, 159, 6 + 94]),
        ("€" * 80, False, [160]),
        ("€" * 81, False, [6 + 152, 6 + 10]),  # 153 would cut a pair
        ("Д" * 70, False, [140]),
        ("Д" * 71, False, [6 + 134, 6 + 8]),
        ("Д" * 71, True, [7 + 132, 7 + 10]),
        ("👍" * 35, False, [140]),
        ("👍" * 36, False, [6 + 132, 6 + 12]),  # 134 would cut a pair
    ],
)
def test_parts_are_as_long_as_the_air_allows(text: str, is_wide: bool, sizes: list[int]) -> None:
    """Units are counted, not characters; a pair is never cut."""
    parts = cut(encode_text(text), 0x1234, is_wide=is_wide)
    assert [len(part) for part in parts] == sizes


def test_latin_1_has_140_octets() -> None:
    sizes = [len(part) for part in cut(encode_text("ç" * 141, with_latin_1=True), 1)]
    assert sizes == [140, 6 + 7]
    assert len(cut(encode_text("ç" * 140, with_latin_1=True), 1)) == 1


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("text", ["x" * 400, "€{}" * 150, "Дa" * 200, FAMILY * 40, "👍a" * 120])
def test_what_was_cut_is_recognized_and_joined(text: str, is_wide: bool) -> None:
    encoded = encode_text(text)
    parts = [
        part_of(received(octets, encoded.data_coding)) for octets in cut(encoded, 0x1234, is_wide=is_wide)
    ]
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert {part.total for part in parts} == {len(parts)}
    assert {part.reference for part in parts} == {0x11234 if is_wide else 0x34}
    assert "".join(decode_text(part.octets, part.data_coding) for part in parts) == text


def test_more_parts_than_there_are_numbers() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        cut(encode_text("x" * 40_000), 1)


def test_the_parameters_may_say_it_too() -> None:
    """SMPP 3.4 §5.3.2.22 to §5.3.2.24."""
    parameters = ((SAR_REFERENCE, b"\x00\x07"), (SAR_TOTAL, b"\x03"), (SAR_NUMBER, b"\x02"))
    assert part_of(DeliverSm(short_message=b"b", parameters=parameters)) == Part(b"b", 0, 0x20007, 2, 3)


@pytest.mark.parametrize(
    "header",
    [
        "050003 07 02 00",  # number zero
        "050003 07 02 03",  # beyond the total
        "050003 07 00 01",
        "050003 07 01 01",  # one of one
        "040002 07 02",  # too short an element
        "050004 07 02 01",  # an element beyond the header
        "0401 02 0000",  # another element
        "00",
        "0100",
    ],
)
def test_a_header_that_says_nothing_of_parts_leaves_a_whole_text(header: str) -> None:
    """3GPP TS 23.040 §9.2.3.24.1: such an element is ignored."""
    assert part_of(received(bytes.fromhex(header) + b"hello")) == Part(b"hello", 0)


@pytest.mark.parametrize("octets", [b"", b"\x05", b"\xff\x00\x03\x01"])
def test_a_header_longer_than_the_text_is_none(octets: bytes) -> None:
    assert part_of(received(octets)) == Part(octets, 0)


def test_other_elements_may_stand_before() -> None:
    header = bytes.fromhex("0b 0504 15811581 0003 07 02 01".replace(" ", ""))
    assert part_of(received(header + b"a")) == Part(b"a", 0, 7, 1, 2)
