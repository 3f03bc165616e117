"""Files that are made to hurt: refused fast, in bounded memory, without touching disk or network (TOK-01)."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.wire.pskc.pskc_files import container, package, read, refusal
from vestibule.wire.oath import FileProblem, FileRefused
from vestibule.wire.pskc import read_pskc

PACKAGE = package()
OPEN = container("").removesuffix(b"</KeyContainer>\n")
BOMB = '<!DOCTYPE k [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE KeyContainer>",
        "<!DOCTYPE KeyContainer []>",
        BOMB + "]>",
        '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE k [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x">%x;]>',
        '<!DOCTYPE k SYSTEM "http://127.0.0.1:1/x">',
        '<!DOCTYPE k PUBLIC "x" "file:///etc/passwd">',
        '<?xml version="1.0"?><!-- first --><!DOCTYPE k>',
    ],
)
def test_any_document_type_is_refused(prolog: str) -> None:
    """TOK-01: so no entity is ever defined, whatever it would have been."""
    assert refusal(container(PACKAGE, prolog=prolog)) is FileProblem.DOCTYPE
    assert refusal(container(PACKAGE, prolog=prolog).decode().encode("utf-16")) is FileProblem.DOCTYPE


def test_an_undefined_entity_is_malformed() -> None:
    assert refusal(container(PACKAGE.replace("Maker", "&maker;"))) is FileProblem.NOT_XML


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """TOK-01: a listener sees no connection, and a file that is named is not opened."""
    bait = tmp_path / "bait"
    bait.write_text("bait")
    before = bait.stat().st_atime_ns
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        for prolog in (
            f'<!DOCTYPE k SYSTEM "{url}">',
            f'<!DOCTYPE k [<!ENTITY % x SYSTEM "{url}">%x;]>',
            f'<!DOCTYPE k [<!ENTITY x SYSTEM "{bait.as_uri()}">]>',
            f'<?xml-stylesheet href="{url}"?>',
        ):
            schema = f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="x {url}"'
            attributes = f'Version="1.0" {schema}'
            content = container(PACKAGE, prolog=prolog, attributes=attributes)
            try:
                read(content)
            except FileRefused:
                continue
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert bait.stat().st_atime_ns == before


@pytest.mark.parametrize("place", ["</KeyPackage>", "</Key>", "</KeyContainer>", "</Data>", "</x:Alien>"])
def test_xinclude_is_refused_wherever_it_stands(place: str) -> None:
    """TOK-01: even inside what is passed over."""
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'
    content = container(PACKAGE.replace("</Key>", '<x:Alien xmlns:x="urn:x"></x:Alien></Key>')).decode()
    assert refusal(content.replace(place, include + place, 1).encode()) is FileProblem.XINCLUDE


def _endless(beginning: bytes, repeated: bytes) -> Iterator[bytes]:
    yield beginning
    while True:
        yield repeated * (1 + 65536 // len(repeated))


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        (_endless(OPEN, b"<a>"), FileProblem.TOO_DEEP),
        (_endless((OPEN + PACKAGE.encode()), b"<a>"), FileProblem.TOO_DEEP),
        (_endless(OPEN + b"<KeyPackage>", b'<x:a xmlns:x="urn:x">'), FileProblem.TOO_DEEP),
        (_endless(OPEN, b"<a/>"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage>", b"<a/>"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage><Key>", b"aaaa"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage><!--", b"aaaa"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage><a b='", b"aaaa"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage><?pi ", b"aaaa"), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage>", b"a" * 10), FileProblem.TOO_LARGE),
        (_endless(OPEN + b"<KeyPackage>" + b"<KeyPackage>", b"&#97;"), FileProblem.TOO_LARGE),
        (_endless((OPEN + PACKAGE.encode()) + b"<a>", b"\xff"), FileProblem.NOT_XML),
        (_endless((OPEN + PACKAGE.encode()), b" <!--"), FileProblem.NOT_XML),
        (_endless(b"", b"\x00"), FileProblem.NOT_XML),
        (_endless(b"<?xml version='1.0' encoding='", b"a"), FileProblem.TOO_LARGE),
    ],
)
def test_a_file_without_end_is_refused_at_its_beginning(
    chunks: Iterator[bytes], problem: FileProblem
) -> None:
    """TOK-01, TOK-07: too deep, too long, too many; never waiting for the end."""
    tracemalloc.start()
    with pytest.raises(FileRefused) as caught:
        list(read_pskc(chunks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.problem is problem
    assert peak < 4 << 20


@pytest.mark.parametrize(
    "encoding", ["utf-32", "shift_jis", "utf-7", "rot13", "idna", "no-such-thing", "base64"]
)
def test_encodings_that_no_token_file_has(encoding: str) -> None:
    prolog = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert refusal(container(PACKAGE, prolog=prolog)) in (FileProblem.NOT_XML, FileProblem.NOT_PSKC)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii", "windows-1252"]
)
def test_encodings_that_token_files_have(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    maker = "Maker" if encoding == "us-ascii" else "Schlüssel"
    content = container(
        package().replace("Maker", maker), prolog=f'<?xml version="1.0" encoding="{declared}"?>'
    )
    (row,) = read(content.decode().encode(encoding))
    assert getattr(row, "manufacturer", None) == maker


def test_memory_does_not_grow_with_the_file() -> None:
    """TOK-06, TOK-07."""
    peaks = []
    for packages in (200, 5_000):
        chunks = iter([OPEN, *(package(str(n)).encode() for n in range(packages)), b"</KeyContainer>"])
        tracemalloc.start()
        assert sum(1 for _ in read_pskc(chunks)) == packages
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 100_000
