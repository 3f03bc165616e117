"""What `vestibule try` makes of its input, without a network."""

import io

import pytest

from vestibule.cli.radius_peer import Endpoint
from vestibule.cli.try_ import Refused, Terminal


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("vpn.example", "vpn.example", 1812, "vpn.example:1812"),
        ("192.0.2.1:1645", "192.0.2.1", 1645, "192.0.2.1:1645"),
        ("::1", "::1", 1812, "[::1]:1812"),
        ("2001:db8::1:1645", "2001:db8::1:1645", 1812, "[2001:db8::1:1645]:1812"),
        ("[2001:db8::1]:1645", "2001:db8::1", 1645, "[2001:db8::1]:1645"),
        ("[::1]", "::1", 1812, "[::1]:1812"),
    ],
)
def test_endpoint_is_read_as_people_write_it(text: str, host: str, port: int, shown: str) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.host, endpoint.port, str(endpoint)) == (host, port, shown)


@pytest.mark.parametrize("text", ["", ":1812", "a:0", "a:65536", "a:b", "[]:1"])
def test_endpoint_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|int"):
        Endpoint.parse(text)


def test_terminal_shows_no_control_characters_and_no_markup() -> None:
    """What a server sends cannot move the cursor, color the text or write a link."""
    target = io.StringIO()
    Terminal("en", io.StringIO(), target).show("a\x1b[31mb\x07c\n[bold]d[/bold]\r\x9b2J\u202e")
    assert target.getvalue() == "a\ufffd[31mb\ufffdc\n[bold]d[/bold]\ufffd\ufffd2J\ufffd\n"


def test_terminal_reads_lines_and_refuses_the_end() -> None:
    terminal = Terminal("en", io.StringIO("one\r\n two \n\n"), io.StringIO())
    assert terminal.ask("ask.username", False) == "one"
    assert terminal.ask("ask.password", True) == " two "
    assert terminal.ask("ask.password", True) == ""
    with pytest.raises(Refused, match="needs an answer"):
        terminal.ask("ask.passcode", False)
