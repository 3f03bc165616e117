"""The shortcut reads exactly what the parser reads, on every shape of file, however it is cut into chunks."""

from __future__ import annotations

import random
import re
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.wire.pskc.pskc_files import (
    HOTP,
    KEY,
    NAMESPACES,
    SECRET,
    TOTP,
    base64_of,
    container,
    package,
    protected_file,
    secret_of,
)
from vestibule.wire.oath import FileProblem, FileRefused, TokenKey, TokenRow
from vestibule.wire.pskc import Credential, read_pskc
from vestibule.wire.pskc.template import PackageTemplate

CREDENTIAL = Credential(preshared_key=KEY)
Reading = tuple[list[TokenRow], FileProblem | None]


def reading(content: bytes, sizes: list[int], *, has_shortcut: bool) -> Reading:
    """Read `content` in chunks of `sizes`, over and over; return the rows and why the file was refused."""
    chunks, position, turn = [], 0, 0
    while position < len(content):
        size = sizes[turn % len(sizes)]
        chunks.append(content[position : position + size])
        position += size
        turn += 1
    rows: list[TokenRow] = []
    longest_head = 1 << 14 if has_shortcut else 0
    with patch("vestibule.wire.pskc.reader.LONGEST_HEAD", longest_head):
        try:
            rows.extend(read_pskc(chunks, CREDENTIAL))
        except FileRefused as refused:
            # How many rows came before depends on the chunks, and does not matter: none may be used.
            return [], refused.problem
    return rows, None


_blanks = st.sampled_from(["", "\n", "\n  ", "\r\n\t", " ", "\r"])
_texts = st.sampled_from(
    ["1", " 30 ", "Maker", "M &amp; N", "Schlüssel", "日本", "😀", "", "a\nb", "\r", "x<!-- -->y"]
)


@st.composite
def _packages(draw: st.DrawFn) -> str:
    """A package in the order of the schema, with parts missing, odd texts, and now and then more."""

    def leaf(name: str, text: str) -> str:
        return f"<{name}>{text}</{name}>{draw(_blanks)}"

    def part(name: str, body: str, attributes: str = "") -> str:
        return f"<{name}{attributes}>{draw(_blanks)}{body}</{name}>{draw(_blanks)}"

    def maybe(text: str) -> str:
        return text if draw(st.integers(0, 5)) else ""

    device = "".join(
        maybe(leaf(name, draw(_texts))) for name in ("Manufacturer", "SerialNo", "Model", "IssueNo")
    ) + maybe(leaf("StartDate", "2024-01-01T00:00:00Z"))
    secret = part(
        "Secret",
        leaf("PlainValue", draw(st.sampled_from([base64_of(SECRET), " MTIz ", "\n" + base64_of(SECRET)]))),
    )
    data = maybe(secret) + "".join(
        maybe(part(name, leaf("PlainValue", draw(_texts)))) for name in ("Counter", "Time", "TimeInterval")
    )
    attributes = [
        f'Id="{draw(_texts).replace("<", "").replace("&", "")}"',
        f'Algorithm="{draw(st.sampled_from([TOTP, HOTP]))}"',
    ]
    if draw(st.booleans()):
        attributes.reverse()
    response = draw(
        st.sampled_from(
            [
                '<ResponseFormat Length="6" Encoding="DECIMAL"/>',
                '<ResponseFormat Encoding="DECIMAL" Length="8"></ResponseFormat>',
                "<ResponseFormat Length='6' Encoding='DECIMAL'/>",
                '<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="false"/>',
                '<ResponseFormat Length="6" Length="7"/>',
            ]
            if draw(st.integers(0, 20)) == 0
            else ['<ResponseFormat Length="6" Encoding="DECIMAL"/>']
        )
    )
    policy = maybe(part("Policy", leaf("KeyUsage", draw(st.sampled_from(["OTP", "CR"])))))
    key = part("AlgorithmParameters", response) + part("Data", data) + policy
    if draw(st.integers(0, 15)) == 0:
        key += "<!-- odd -->" + draw(st.sampled_from(["", "<Extensions/>", "<![CDATA[x]]>", "&amp;"]))
    return part("KeyPackage", part("DeviceInfo", device) + part("Key", key, " " + " ".join(attributes)))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(_packages(), min_size=1, max_size=30), st.lists(st.integers(1, 900), min_size=1, max_size=5))
def test_the_shortcut_reads_what_the_parser_reads(packages: list[str], sizes: list[int]) -> None:
    content = container("".join(packages))
    expected = reading(content, [len(content)], has_shortcut=False)
    assert reading(content, sizes, has_shortcut=True) == expected
    assert reading(content, sizes, has_shortcut=False) == expected


@pytest.mark.parametrize("twice", ['<ResponseFormat Length="6" Length="7"/>', '<Key Id="1" Id="2">'])
def test_an_attribute_twice_is_no_xml_for_either(twice: str) -> None:
    key = f'<Key Id="1" Algorithm="{TOTP}">'
    response = '<ResponseFormat Length="6" Encoding="DECIMAL"/>'
    inside = f"<AlgorithmParameters>{response}</AlgorithmParameters><Data></Data>"
    plain = f"<KeyPackage>{key}{inside}</Key></KeyPackage>"
    content = container(plain + 9 * plain.replace(response if "Response" in twice else key, twice))
    # Whether the shortcut is taken depends on where a chunk ends.
    for size in range(90, 120):
        assert reading(content, [size], has_shortcut=True)[1] is FileProblem.NOT_XML
    assert reading(content, [100], has_shortcut=False)[1] is FileProblem.NOT_XML


def _vendor_file(packages: int, line_end: str = "\n", prefix: str = "") -> bytes:
    """As vendors make them: one element a line, all packages of one shape."""
    mark = f"{prefix}:" if prefix else ""
    body = "".join(
        package(
            f"26{number:06d}",
            secret=f"<Secret><PlainValue>{base64_of(secret_of(number))}</PlainValue></Secret>",
        )
        for number in range(packages)
    )
    lines = (
        body.replace("><", f">{line_end}<").replace("\n", line_end)
        if line_end != "\n"
        else body.replace("><", ">\n<")
    )
    content = container(lines).decode()
    if prefix:
        content = content.replace('xmlns="', f'xmlns:{prefix}="').replace("</", f"</{mark}")
        content = re.sub(r"<(?=\w)", f"<{mark}", content)
    return content.encode()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("prefix", ["", "pskc", "k.1-x"])
def test_vendor_files_take_the_shortcut(line_end: str, prefix: str) -> None:
    content = _vendor_file(200, line_end, prefix)
    with patch.object(PackageTemplate, "match", autospec=True, side_effect=PackageTemplate.match) as spy:
        rows, refused = reading(content, [1000], has_shortcut=True)
    assert refused is None
    assert len(rows) == 200
    assert spy.call_count > 190
    assert rows == reading(content, [70_000], has_shortcut=False)[0]
    assert [row.secret for row in rows if isinstance(row, TokenKey)] == [secret_of(n) for n in range(200)]


def test_encrypted_files_take_the_shortcut() -> None:
    content = protected_file(map(str, range(1000, 1100)))
    with patch.object(PackageTemplate, "match", autospec=True, side_effect=PackageTemplate.match) as spy:
        rows, refused = reading(content, [2000], has_shortcut=True)
    assert (len(rows), refused) == (100, None)
    assert spy.call_count > 90
    assert rows == reading(content, [999], has_shortcut=False)[0]


def test_an_odd_package_among_many_is_no_end_of_it() -> None:
    """The parser takes over for what the template does not know, and gives the thread back."""
    chance = random.Random(6030)
    packages = _vendor_file(2000).decode().split("<KeyPackage>")
    for place in chance.sample(range(1, 2000), 12):
        packages[place] = packages[place].replace("</Data>", "<!-- odd --></Data>")
    for place in chance.sample(range(1, 2000), 12):
        packages[place] = packages[place].replace('Length="6"', 'Length="11"')
    content = "<KeyPackage>".join(packages).encode()
    expected = reading(content, [1 << 16], has_shortcut=False)
    assert sum(not isinstance(row, TokenKey) for row in expected[0]) == 12
    for size in (64, 4096, 1 << 16, 1 << 20):
        assert reading(content, [size], has_shortcut=True) == expected


@pytest.mark.parametrize(
    "trick",
    [
        "<!-- <KeyPackage> -->",
        "<![CDATA[</KeyPackage>]]>",
        '<x:KeyPackage xmlns:x="urn:x"/>',
        "</KeyPackage><KeyPackage>",
        "</KeyContainer>",
        "<KeyPackage/>",
        "&lt;KeyPackage&gt;",
        "\x0b",
        "\ufffe",
        "]]>",
    ],
    ids=ascii,
)
@pytest.mark.parametrize(
    "target", ["</Data>", "</Key>", "</KeyPackage>", "<KeyPackage>", "<Data>", "</SerialNo>"]
)
def test_tricks_mislead_neither(trick: str, target: str) -> None:
    """Comments, sections and foreign names that look like a package to a careless reader."""
    packages = [*_vendor_file(40).decode().split("<KeyPackage>")]
    packages[30] = (
        ("<KeyPackage>" + packages[30]).replace(target, trick + target, 1).removeprefix("<KeyPackage>")
    )
    content = "<KeyPackage>".join(packages).encode("utf-8", "surrogatepass")
    expected = reading(content, [1 << 16], has_shortcut=False)
    assert reading(content, [777], has_shortcut=True) == expected


def test_the_prefix_of_the_root_is_the_only_one_it_trusts() -> None:
    """A prefix bound anew inside a package, or two prefixes for one namespace, are for the parser."""
    rebound = (
        _vendor_file(40)
        .decode()
        .replace("<Data>", f"<Data {NAMESPACES.split(' ')[0].replace('pskc', 'other')}>")
    )
    twice = (
        _vendor_file(40)
        .decode()
        .replace("<KeyContainer", '<KeyContainer xmlns:k="urn:ietf:params:xml:ns:keyprov:pskc"')
    )
    for content in (rebound.encode(), twice.encode()):
        assert reading(content, [500], has_shortcut=True) == reading(content, [500], has_shortcut=False)
