"""`vestibule try`: plays a VPN concentrator against any RADIUS server and says what came back, and why.

It never prints a password, passcode or shared secret, and nothing that a server sends reaches the terminal
as a control sequence. Exit code 0: accepted (or alive), 1: rejected, 2: no usable answer.
"""

import os
import sys
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Annotated, Final, TextIO

from cyclopts import App, Parameter
from rich.console import Console
from rich.text import Text

from vestibule.catalog import negotiate, text
from vestibule.cli.configuration import terminal_language
from vestibule.cli.radius_peer import Answered, Endpoint, Exchange, NotAnswered, RadiusPeer, Unreachable
from vestibule.wire.radius import Attribute, Message, ReplyFault, SharedSecret, Signature, numbers
from vestibule.wire.radius.dictionary import Unparsable, name_of, parse_attribute, show_value

ACCEPTED: Final = 0
REJECTED: Final = 1
UNUSABLE: Final = 2

_MOST_CHALLENGES: Final = 10

app = App(
    name="try",
    help_format="plaintext",
    help_epilogue="""Examples:

  vestibule try alice
  vestibule try alice --server vpn-radius.example:1812 --secret-file secret.txt
  vestibule try alice --password-and-passcode
  vestibule try --status --server 192.0.2.10
  vestibule try alice --secret-file secret.txt < password-and-passcode.txt

Exit status: 0 accepted or alive, 1 rejected, 2 no usable answer.""",
)


class Refused(Exception):
    """Input that cannot be used; its text is for the person at the terminal and holds no secret."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is known before the first packet. None: ask when it is needed."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    passcode: str | None = field(default=None, repr=False)
    is_combined: bool = False
    attributes: tuple[Attribute, ...] = ()


class Terminal:
    """Where questions are asked and findings shown. Reads whole lines when the input is no terminal."""

    def __init__(self, language: str, source: TextIO, target: TextIO, is_verbose: bool = False) -> None:
        self.language = language
        self.is_verbose = is_verbose
        self._source = source
        self._console = Console(file=target, highlight=False, soft_wrap=True)

    def say(self, key: str, style: str = "", /, **placeholders: str | int) -> None:
        """One text of the catalog on a line of its own."""
        self.show(text(self.language, f"try.{key}", **placeholders).strip(), style)

    def show(self, words: str, style: str = "") -> None:
        """Any text, without control characters and without markup."""
        self._console.print(Text(_harmless(words), style=style))

    def ask(self, key: str, is_hidden: bool) -> str:
        """One line from the person; raises Refused at the end of the input."""
        prompt = text(self.language, f"try.{key}")
        try:
            if self._source.isatty() and self._source is sys.stdin:
                return self._ask_person(prompt, is_hidden)
            line = self._source.readline()
        except EOFError:
            line = ""
        if not line:
            raise Refused(text(self.language, "try.ask.nothing"))
        return line.rstrip("\r\n")

    @staticmethod
    def _ask_person(prompt: str, is_hidden: bool) -> str:
        if is_hidden:
            return getpass(prompt)
        return input(prompt)


@app.default
def try_sign_in(
    username: str | None = None,
    *,
    server: str = "127.0.0.1:1812",
    secret: Annotated[str | None, Parameter(env_var="VESTIBULE_TRY_SECRET", show_env_var=True)] = None,
    secret_file: Path | None = None,
    password: str | None = None,
    passcode: str | None = None,
    password_and_passcode: Annotated[bool, Parameter(negative="")] = False,
    status: Annotated[bool, Parameter(negative="")] = False,
    attribute: Annotated[list[str] | None, Parameter(negative="")] = None,
    timeout: float = 5.0,
    tries: int = 3,
    wait: float = 60.0,
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="")] = False,
    language: str | None = None,
) -> int:
    """Play a VPN concentrator: send a real RADIUS sign-in over UDP and show the answer and why.

    Works against any RADIUS server. What is not given is asked for. Challenges are answered; where the
    server offers it, type sms or call at the passcode to be texted or called.

    Exit code: 0 accepted or alive, 1 rejected, 2 no usable answer.

    Parameters
    ----------
    username
        Who signs in.
    server
        Host, host:port or [address]:port; 1812 is the usual port.
    secret
        The shared secret. Other users of this machine can see it in the list of processes: prefer
        --secret-file.
    secret_file
        A file whose first line is the shared secret.
    password
        The password; an empty one is sent as such. Visible in the list of processes: prefer to be asked.
    passcode
        The passcode, for the first challenge or for --password-and-passcode.
    password_and_passcode
        Send both in the password field, the passcode last.
    status
        Ask only whether the server is alive and knows this client (Status-Server, RFC 5997).
    attribute
        Send one more attribute, as Name=value; may be repeated. Strings may be written as 0x and hexadecimal.
    timeout
        Seconds to wait for an answer before sending the same request again.
    tries
        How often to send one request in all.
    wait
        Seconds to wait in all for the answer to what you have typed: the server may be calling you.
    verbose
        Show the attributes of every packet; hidden ones stay hidden.
    language
        en or de; otherwise the language of the terminal.
    """
    chosen = negotiate(None, language) if language else terminal_language()
    terminal = Terminal(chosen, sys.stdin, sys.stdout, verbose)
    try:
        peer = _peer(terminal, server, _secret(terminal, secret, secret_file), timeout, tries)
        with peer:
            if status:
                return ask_status(peer, terminal)
            extras = tuple(_attribute(terminal, entry) for entry in attribute or [])
            script = Script(username, password, passcode, password_and_passcode, extras)
            return sign_in(peer, terminal, script, wait)
    except Refused as problem:
        terminal.show(str(problem), "bold red")
        return UNUSABLE


def ask_status(peer: RadiusPeer, terminal: Terminal) -> int:
    """Ask a server whether it is alive; the exit code."""
    terminal.say("sending_status", "dim", server=str(peer.server))
    exchange = peer.status()
    if not isinstance(exchange, Answered):
        return _explain_failure(peer, terminal, exchange, is_status=True)
    _show_packets(terminal, exchange)
    terminal.say("alive", "bold green")
    terminal.say("alive_note")
    _show_findings(terminal, exchange)
    return ACCEPTED


def sign_in(peer: RadiusPeer, terminal: Terminal, script: Script, wait_seconds: float = 0.0) -> int:
    """One sign-in with all its challenges; the exit code. A server that has answered once is there: from then
    on its answers are awaited for `wait_seconds`, for it may be waiting for a phone.
    """
    username = script.username if script.username is not None else terminal.ask("ask.username", False)
    typed, passcode = _first_input(terminal, script)
    terminal.say("sending", "dim", server=str(peer.server), username=username)
    state: list[Attribute] = []
    is_answered = False
    for _ in range(_MOST_CHALLENGES):
        attributes = [(numbers.USER_NAME, _octets(username)), *_own_attributes(script), *state]
        exchange = _send(peer, terminal, typed, attributes)
        if not isinstance(exchange, Answered):
            return _explain_failure(peer, terminal, exchange, is_status=False)
        reply = exchange.reply.message
        _show_packets(terminal, exchange)
        if reply.code != numbers.ACCESS_CHALLENGE:
            return _show_end(terminal, exchange)
        terminal.say("challenge", "bold yellow")
        _show_server_words(terminal, reply)
        _show_findings(terminal, exchange)
        # RFC 2865 §5.24: State goes back unchanged; nothing else of the challenge does.
        state = [(numbers.STATE, value) for value in reply.values(numbers.STATE)]
        try:
            typed, passcode = _answer(terminal, reply, passcode), None
        except Refused:
            if not is_answered:
                raise
            # A script gave one passcode, it was not taken, and nobody is there to type another.
            terminal.say("asked_again", "bold red")
            return REJECTED
        is_answered = True
        peer.patience_seconds = wait_seconds
        peer.on_patience = lambda: terminal.say("waiting", "dim", seconds=round(wait_seconds))
    terminal.say("too_many_challenges", "bold red", count=_MOST_CHALLENGES)
    return UNUSABLE


def _first_input(terminal: Terminal, script: Script) -> tuple[str, str | None]:
    """What goes into the first password field, and the passcode that is left for a challenge."""
    password = script.password if script.password is not None else terminal.ask("ask.password", True)
    if not script.is_combined:
        return password, script.passcode
    passcode = script.passcode if script.passcode is not None else terminal.ask("ask.passcode", False)
    return password + passcode, None


def _answer(terminal: Terminal, challenge: Message, passcode: str | None) -> str:
    if passcode is not None:
        return passcode
    # RFC 2869 §5.10: Prompt says whether the answer may be seen; one that is seen is typed more surely.
    is_hidden = challenge.first(numbers.PROMPT) == bytes(4)
    return terminal.ask("ask.answer", is_hidden)


def _send(peer: RadiusPeer, terminal: Terminal, typed: str, attributes: list[Attribute]) -> Exchange:
    try:
        return peer.sign_in(_octets(typed), attributes)
    except ValueError:
        raise Refused(text(terminal.language, "try.wrong.too_long")) from None


def _own_attributes(script: Script) -> tuple[Attribute, ...]:
    """A concentrator names itself (RFC 2865 §4.1); what the person gave replaces it."""
    if any(number in (numbers.NAS_IDENTIFIER, numbers.NAS_IP_ADDRESS) for number, _ in script.attributes):
        return script.attributes
    return ((numbers.NAS_IDENTIFIER, b"vestibule-try"), *script.attributes)


def _show_end(terminal: Terminal, exchange: Answered) -> int:
    reply = exchange.reply.message
    is_accepted = reply.code == numbers.ACCESS_ACCEPT
    terminal.say("accept" if is_accepted else "reject", "bold green" if is_accepted else "bold red")
    if not _show_server_words(terminal, reply) and not is_accepted:
        terminal.say("server_silent")
    _show_findings(terminal, exchange)
    return ACCEPTED if is_accepted else REJECTED


def _show_server_words(terminal: Terminal, reply: Message) -> bool:
    words = b"".join(reply.values(numbers.REPLY_MESSAGE)).decode(errors="replace").strip()
    if words:
        terminal.say("server_says", message=words)
    return bool(words)


def _show_findings(terminal: Terminal, exchange: Answered) -> None:
    if exchange.reply.signature is not Signature.FIRST:
        terminal.say(f"finding.{exchange.reply.signature.name.lower()}", "yellow")


def _show_packets(terminal: Terminal, exchange: Answered) -> None:
    if not terminal.is_verbose:
        return

    for arrow, message in (("→", exchange.request), ("←", exchange.reply.message)):
        name = numbers.CODE_NAMES.get(message.code, str(message.code))
        terminal.show(f"{arrow} {name} {message.identifier}", "dim")
        for number, value in message.attributes:
            terminal.show(f"    {name_of(number)} = {show_value(number, value)}", "dim")
    milliseconds = max(1, round(exchange.seconds * 1000))
    terminal.say("took", "dim", milliseconds=milliseconds, transmissions=exchange.transmissions)


def _explain_failure(peer: RadiusPeer, terminal: Terminal, exchange: Exchange, is_status: bool) -> int:
    server, port = str(peer.server), peer.server.port
    match exchange:
        case Unreachable(detail):
            terminal.say("failure.unreachable", "bold red", server=server, detail=detail)
        case NotAnswered(faults=(*_, fault)) if fault:
            _explain_fault(terminal, exchange, server)
        case NotAnswered(is_port_closed=True):
            terminal.say("failure.closed_port", "bold red", host=peer.server.host, port=port)
        case NotAnswered(local_address, seconds, transmissions):
            terminal.say(
                "failure.no_answer",
                "bold red",
                server=server,
                seconds=f"{seconds:.1f}",
                transmissions=transmissions,
                local_address=local_address,
            )
            terminal.say("failure.no_answer_causes", local_address=local_address, port=port)
            if not is_status:
                terminal.say("failure.no_answer_hint")
    return UNUSABLE


def _explain_fault(terminal: Terminal, exchange: NotAnswered, server: str) -> None:
    match exchange.faults[-1]:
        case ReplyFault.RESPONSE_AUTHENTICATOR:
            terminal.say("failure.response_authenticator", "bold red", local_address=exchange.local_address)
        case ReplyFault.MESSAGE_AUTHENTICATOR:
            terminal.say("failure.message_authenticator", "bold red")
        case ReplyFault.PROXY_STATE:
            terminal.say("failure.proxy_state", "bold red")
        case ReplyFault.MALFORMED:
            terminal.say("failure.malformed", "bold red", server=server)
        case ReplyFault.UNEXPECTED_CODE:
            terminal.say("failure.unexpected_code", "bold red", server=server)
        case ReplyFault.OTHER_IDENTIFIER:
            terminal.say("failure.other_identifier", "bold red")


def _peer(terminal: Terminal, server: str, secret: bytes, timeout: float, tries: int) -> RadiusPeer:

    if not (timeout > 0 and tries > 0):
        raise Refused(text(terminal.language, "try.wrong.amount"))
    if not secret:
        raise Refused(text(terminal.language, "try.wrong.secret_empty"))
    try:
        endpoint = Endpoint.parse(server)
    except ValueError:
        raise Refused(text(terminal.language, "try.wrong.server", value=server)) from None
    return RadiusPeer(endpoint, SharedSecret(secret), os.urandom, timeout, tries)


def _secret(terminal: Terminal, secret: str | None, path: Path | None) -> bytes:
    if path is not None:
        try:
            return path.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
        except OSError as problem:
            detail = problem.strerror or "?"
            raise Refused(text(terminal.language, "try.wrong.file", path=str(path), detail=detail)) from None
    return (terminal.ask("ask.secret", True) if secret is None else secret).encode(errors="surrogateescape")


def _attribute(terminal: Terminal, entry: str) -> Attribute:
    name, _, value = entry.partition("=")
    found = parse_attribute(name.strip(), value)
    if isinstance(found, Unparsable):
        raise Refused(text(terminal.language, "try.wrong.attribute", value=entry))
    return found


def _octets(typed: str) -> bytes:
    """UTF-8, and octets that are none as they were given on the command line."""
    return typed.encode(errors="surrogateescape")


def _harmless(words: str) -> str:
    """Without what moves a cursor or changes colors; line ends stay."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in words
    )
