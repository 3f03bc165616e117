"""Dictionaries that administrators load, in the format of FreeRADIUS."""

import pytest

from tests.peers.freeradius import DICTIONARIES
from vestibule.wire.radius.attribute_values import ValueType
from vestibule.wire.radius.dictionary import definitions
from vestibule.wire.radius.dictionary_file import (
    BadLine,
    DictionaryFile,
    Hiding,
    Problem,
    read_dictionary,
)

ACME = """
# A vendor of the tests.
VENDOR          Acme    9999
BEGIN-VENDOR    Acme
ATTRIBUTE       Acme-Role       1       integer
VALUE           Acme-Role       Guest   0
VALUE           Acme-Role       Staff   0x10
ATTRIBUTE       Acme-Secret     2       string  has_tag,encrypt=2
ATTRIBUTE       Acme-Limits     3       tlv
BEGIN-TLV       Acme-Limits
ATTRIBUTE       Acme-Limit-Down 1       integer
END-TLV         Acme-Limits
ATTRIBUTE       Acme-Limit-Up   3.2     short
ATTRIBUTE       Acme-Key        4       octets[8]
ATTRIBUTE       Acme-Word       6       string  encrypt=1
ATTRIBUTE       Acme-Filter     5       abinary
VALUE           Acme-Filter     None    0
END-VENDOR      Acme
"""
WORDS = "VENDOR Acme 9999\nVENDOR Wide 9998 format=2,1\n"


def read(text: str) -> DictionaryFile | BadLine:
    return read_dictionary(text, definitions())


def test_attributes_of_a_vendor_are_read() -> None:
    found = read(ACME)
    assert isinstance(found, DictionaryFile)
    named = {each.name: each for each in found.definitions}
    assert named["Acme-Role"].place == (9999, (1,))
    assert named["Acme-Role"].values == {"Guest": 0, "Staff": 16}
    assert (named["Acme-Secret"].has_tag, named["Acme-Secret"].hiding) == (True, Hiding.SALTED)
    assert named["Acme-Secret"].is_secret
    assert named["Acme-Limit-Down"].path == (3, 1)
    assert (named["Acme-Limit-Up"].path, named["Acme-Limit-Up"].type) == ((3, 2), ValueType.SHORT)
    assert named["Acme-Key"].length == 8
    assert found.left_out == ("Acme-Filter",)


def test_a_vendor_may_stand_behind_each_of_its_attributes() -> None:
    found = read(WORDS + "ATTRIBUTE Wide-Word 300 string Wide")
    assert isinstance(found, DictionaryFile)
    assert (found.definitions[0].place, found.definitions[0].layout) == ((9998, (300,)), (2, 1))


@pytest.mark.parametrize(
    ("line", "problem", "word"),
    [
        ("$INCLUDE dictionary.other", Problem.INCLUDE, "dictionary.other"),
        ("$INCLUDE- /etc/passwd", Problem.INCLUDE, "/etc/passwd"),
        ("ATTRIBUT Acme-Role 1 integer", Problem.KEYWORD, "ATTRIBUT"),
        ("ATTRIBUTE Acme-Role 1", Problem.WORDS, "Acme-Role 1"),
        ("VENDOR Other", Problem.WORDS, "Other"),
        ("VALUE Class Any", Problem.WORDS, "Class Any"),
        ("ATTRIBUTE Acme-Role x integer Acme", Problem.NUMBER, "x"),
        ("ATTRIBUTE Acme-Role 256 integer Acme", Problem.NUMBER, "256"),
        ("ATTRIBUTE Acme-Role 1.256 integer Acme", Problem.NUMBER, "1.256"),
        ("ATTRIBUTE Acme-Role 1. integer Acme", Problem.NUMBER, ""),
        ("ATTRIBUTE Acme-Role -1 integer Acme", Problem.NUMBER, "-1"),
        ("VENDOR Other 16777216", Problem.NUMBER, "16777216"),
        ("ATTRIBUTE Acme-Role 1 text Acme", Problem.TYPE, "text"),
        ("ATTRIBUTE Acme-Role 1 string[4] Acme", Problem.TYPE, "string[4]"),
        ("ATTRIBUTE Acme-Role 1 integer Acme encrypt=4", Problem.FLAG, "encrypt=4"),
        ("ATTRIBUTE Acme-Role 1 integer Other", Problem.FLAG, "Other"),
        ("BEGIN-VENDOR Other", Problem.VENDOR, "Other"),
        ("VENDOR Other 1 format=3,1", Problem.FORMAT, "format=3,1"),
        ("VENDOR Other 1 layout=1,1", Problem.FORMAT, "layout=1,1"),
        ("END-VENDOR Acme", Problem.BLOCK, "Acme"),
        ("BEGIN-TLV Class", Problem.BLOCK, "Class"),
        ("END-TLV Class", Problem.BLOCK, "Class"),
        ("BEGIN-VENDOR Acme", Problem.BLOCK, "Acme"),
        ("VALUE Acme-Role Guest 1", Problem.ATTRIBUTE, "Acme-Role"),
        ("ATTRIBUTE Class 1 integer Acme", Problem.TWICE, "Class"),
        ("VENDOR Acme 9998", Problem.TWICE, "Acme"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, problem: Problem, word: str) -> None:
    assert read(f"{WORDS}{line}") == BadLine(3, problem, word)


def test_what_vestibule_names_is_not_defined_again() -> None:
    found = read("ATTRIBUTE Class 25 octets\nVALUE Service-Type Other 99\n")
    assert found == DictionaryFile((), ())


@pytest.mark.parametrize("vendor", ["cisco", "cisco.asa", "fortinet", "paloalto", "juniper", "erx", "usr"])
def test_dictionaries_of_freeradius_are_read(vendor: str) -> None:
    """What administrators have at hand; nothing of these is left out but ciphers of others."""
    file = DICTIONARIES / f"dictionary.{vendor}"
    found = read(file.read_text())
    assert isinstance(found, DictionaryFile), found
    assert len(found.definitions) > 5
    assert len(found.left_out) < 5
