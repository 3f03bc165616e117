"""OpenLDAP's own programs as the other side of our codec, we being the server.

What they write must read as what they were told to ask, and what we write must make them print it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.ldap.scripted import ScriptedDirectory
from tests.peers.program import find_program, run
from vestibule.wire.ldap.filters import (
    And,
    Approximate,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    describe,
)
from vestibule.wire.ldap.messages import (
    WHO_AM_I_OID,
    Attribute,
    BindRequest,
    BindResponse,
    ExtendedRequest,
    ExtendedResponse,
    Message,
    OpaqueOperation,
    Result,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    UnbindRequest,
)

FILTERS: list[Filter] = [
    Present("uid"),
    Equality("uid", b"alice"),
    Equality("uid", b"*)(uid=*"),
    Equality("cn", "Jörg \x00\\".encode()),
    And((Equality("a", b"1"), Or((Equality("b", b"2"), Not(Equality("c", b"3")))))),
    Substrings("mail", b"a*", (b"b", b"("), b"c"),
    Substrings("mail", None, (b"b",), None),
    GreaterOrEqual("n", b"1"),
    LessOrEqual("n", b"2"),
    Approximate("cn", b"alise"),
    Extensible(b"people", "2.5.13.2", "ou", True),
    Extensible(b"x", "caseExactMatch", None),
    Equality("jpegPhoto", bytes(range(1, 256))),
]


async def _tool(server: ScriptedDirectory, name: str, *arguments: str) -> tuple[int, str]:
    command = [find_program(name), "-H", server.url, "-x", *arguments]
    done = await asyncio.to_thread(run, command)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("filter_", FILTERS, ids=lambda filter_: ascii(describe(filter_))[:40])
async def test_a_filter_goes_through_their_parser_and_comes_back(filter_: Filter) -> None:
    """LD-10: our text form, read by OpenLDAP and sent as BER, is the filter it came from."""

    def script(message: Message) -> Any:
        match message.operation:
            case BindRequest():
                return (BindResponse(Result(0)),)
            case SearchRequest():
                return (SearchResultDone(Result(0)),)
            case _:
                return ()

    async with ScriptedDirectory(script) as server:
        arguments = ("-b", "o=é", "-s", "one", "-l", "7", "-z", "3", describe(filter_), "uid", "+")
        status, printed = await _tool(server, "ldapsearch", *arguments)
    assert status == 0, printed
    searches = [
        message.operation for message in server.received if isinstance(message.operation, SearchRequest)
    ]
    assert searches == [
        SearchRequest("o=é", Scope.ONE_LEVEL, filter_, ("uid", "+"), size_limit=3, time_limit_seconds=7)
    ]


async def test_entries_and_references_that_we_write_are_printed() -> None:
    def script(message: Message) -> Any:
        match message.operation:
            case BindRequest():
                return (BindResponse(Result(0)),)
            case SearchRequest():
                long = Attribute("description", (b"x" * 70_000,))
                return (
                    SearchResultEntry(
                        "uid=alice,o=x", (Attribute("uid", (b"alice", "älice".encode())), long)
                    ),
                    SearchResultReference(("ldap://elsewhere.example/o=x",)),
                    SearchResultDone(Result(4, "o=x", "enough")),
                )
            case _:
                return ()

    async with ScriptedDirectory(script) as server:
        status, printed = await _tool(server, "ldapsearch", "-b", "o=x", "-o", "ldif-wrap=no", "(uid=*)")
    assert status == 4
    for expected in (
        "dn: uid=alice,o=x",
        "uid: alice",
        "uid:: w6RsaWNl",
        "description: " + "x" * 70_000,
        "ref: ldap://elsewhere.example/o=x",
        "result: 4 Size limit exceeded",
        "matchedDN: o=x",
        "text: enough",
    ):
        assert f"{expected}\n" in printed


async def test_a_bind_and_a_question_who_i_am() -> None:
    def script(message: Message) -> Any:
        match message.operation:
            case BindRequest(authentication=Simple(password)):
                return (BindResponse(Result(0) if password == "pässwörd".encode() else Result(49, "", "no")),)
            case ExtendedRequest():
                return (ExtendedResponse(Result(0), None, b"dn:cn=me"),)
            case _:
                return ()

    async with ScriptedDirectory(script) as server:
        assert await _tool(server, "ldapwhoami", "-D", "cn=me", "-w", "pässwörd") == (0, "dn:cn=me\n")
        await server.wait_for_goodbyes()
        operations = [message.operation for message in server.received]
        assert operations == [
            BindRequest(3, "cn=me", Simple("pässwörd".encode())),
            ExtendedRequest(WHO_AM_I_OID),
            UnbindRequest(),
        ]
        status, printed = await _tool(server, "ldapwhoami", "-D", "cn=me", "-w", "wrong")
        assert (status, "Invalid credentials (49)" in printed, "no" in printed) == (49, True, True)


async def test_operations_that_we_do_not_read_are_told_apart() -> None:
    """Compare, delete and rename arrive whole, and their answers are understood."""
    answers = {0x6E: 0x6F, 0x4A: 0x6B, 0x6C: 0x6D}

    def script(message: Message) -> Any:
        match message.operation:
            case BindRequest():
                return (BindResponse(Result(0)),)
            case OpaqueOperation(tag, _):
                code = b"\x06" if tag == 0x6E else b"\x00"
                return (OpaqueOperation(answers[tag], b"\x0a\x01" + code + b"\x04\x00\x04\x00"),)
            case _:
                return ()

    async with ScriptedDirectory(script) as server:
        status, printed = await _tool(server, "ldapcompare", "uid=alice,o=x", "uid:alice")
        assert (status, printed) == (6, "TRUE\n")
        assert (await _tool(server, "ldapdelete", "uid=alice,o=x"))[0] == 0
        assert (await _tool(server, "ldapmodrdn", "uid=alice,o=x", "uid=bob"))[0] == 0
    read = [it.operation for it in server.received if isinstance(it.operation, OpaqueOperation)]
    assert [(operation.tag, b"uid=alice,o=x" in operation.content) for operation in read] == [
        (0x6E, True),
        (0x4A, True),
        (0x6C, True),
    ]
