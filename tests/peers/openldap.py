"""An OpenLDAP server (slapd) with a handful of people, for the length of a test.

It listens on 127.0.0.1 only, without TLS and with it, keeps everything in the folder it is given, and prints
what it is asked (`log`), so that a test can prove what did not reach it.

    with OpenLdap(tmp_path) as directory:
        directory.url, directory.base_dn, directory.service_dn, directory.service_password
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from tests.peers.ldif import entry, quoted
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program, find_program, run, run_well

BASE_DN = "dc=example,dc=org"
SERVICE_DN = f"cn=reader,{BASE_DN}"
_ROOT_PASSWORD = "root-of-tests"  # made up for a server that lives for one test
SERVICE_PASSWORD = "reader-password-8f2c"  # made up for a server that lives for one test
PEOPLE: Mapping[str, str] = {"alice": "Alice's password", "bob": "pässwörd of bob", "carol": "carol-pw"}
"""User names and passwords. Everyone has the address NAME@example.org."""

_CONFIGURATION = """
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
pidfile {folder}/slapd.pid
idletimeout 0
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient never
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
rootpw {root_password}
directory {folder}/data
maxsize 1073741824
limits dn.exact="{service}" size={most}
index objectClass,uid,mail,entryUUID,modifyTimestamp eq
{rules}
access to * by dn.exact="{service}" read by * none
"""
_PASSWORDS_STAY = "access to attrs=userPassword by anonymous auth by * none"
_PASSWORDS_CHANGE = """
overlay ppolicy
ppolicy_default "cn=rules,{base}"
ppolicy_use_lockout
access to attrs=userPassword by self =xw by dn.exact="{service}" =xw by anonymous auth by * none
"""


def password_rules(name: str, **more: str) -> str:
    """Return the LDIF record of rules for passwords: 10 characters at least, and none of the last two.

    `person(…, pwdPolicySubentry=f"cn={name},{BASE_DN}")` is bound by them.
    """
    attributes: dict[str, str | tuple[str, ...]] = {
        "objectClass": ("device", "pwdPolicy"),
        "cn": name,
        "pwdAttribute": "userPassword",
        "pwdMinLength": "10",
        "pwdInHistory": "2",
        "pwdCheckQuality": "1",
    }
    return entry(f"cn={name},{BASE_DN}", **(attributes | more))


def person(name: str, password: str, **more: str | tuple[str, ...]) -> str:
    """Return the LDIF record of a person below `ou=people`."""
    attributes: dict[str, str | tuple[str, ...]] = {
        "objectClass": "inetOrgPerson",
        "uid": name,
        "cn": name.title(),
        "sn": "Example",
        "givenName": name.title(),
        "mail": f"{name}@example.org",
        "userPassword": password,
    }
    return entry(f"uid={name},ou=people,{BASE_DN}", **(attributes | more))


RULED_PASSWORD = "Ten-years-old"


def _under(rules: str, name: str, **state: str) -> str:
    """Return a person who is bound by these rules, in a state that no client can write."""
    return person(name, RULED_PASSWORD, pwdPolicySubentry=f"cn={rules},{BASE_DN}", **state)


RULED = (
    password_rules("monthly", pwdMaxAge="2592000", pwdMinAge="86400"),
    password_rules("with grace", pwdMaxAge="2592000", pwdGraceAuthNLimit="5"),
    password_rules("first of all", pwdMustChange="TRUE", pwdLockout="TRUE"),
    _under("monthly", "expired", pwdChangedTime="20160101000000Z"),
    _under("with grace", "graced", pwdChangedTime="20160101000000Z"),
    _under("first of all", "reset", pwdReset="TRUE"),
    _under("first of all", "locked", pwdAccountLockedTime="000001010000Z"),
)
"""People with RULED_PASSWORD whose passwords are over, or who are locked, as their names say."""


class OpenLdap:
    """One slapd. After `stop`, `kill` or `pause` it can be started again on the same ports with its data."""

    def __init__(
        self,
        folder: Path,
        *,
        extra: tuple[str, ...] = (),
        certificate_names: tuple[str, ...] = ("127.0.0.1", "localhost"),
        has_expired_certificate: bool = False,
        lets_passwords_change: bool = False,
        modified_at: str = "",
        most_entries: str = "unlimited",
    ) -> None:
        """`folder` is empty or not there yet; `extra` are further LDIF records (`person`, `entry`). Entries
        say that they were changed last at `modified_at`, such as 20240101000000Z; without it, now. The
        service account is given `most_entries` by one search, in pages or not.

        With `lets_passwords_change` people and the service account may change passwords, by `password_rules`.
        """
        self._folder = folder / "slapd"
        self._program: Program | None = None
        self._lets_passwords_change = lets_passwords_change
        self._extra = (*extra, password_rules("rules")) if lets_passwords_change else extra
        self._modified_at = modified_at
        self._most_entries = most_entries
        self._certificate_names = certificate_names
        self._has_expired_certificate = has_expired_certificate
        self.authority = TestAuthority(folder / "tls")
        self.port = free_port()
        self.tls_port = free_port()
        self.base_dn = BASE_DN
        self.service_dn = SERVICE_DN
        self.service_password = SERVICE_PASSWORD

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca_file(self) -> str:
        return str(self.authority.ca_file)

    @property
    def log(self) -> str:
        """What the server has printed so far: one line for each operation and each result."""
        return "" if self._program is None else self._program.output

    def start(self) -> None:
        """Load the data at the first call, then serve; returns when connections are accepted."""
        if not self._folder.exists():
            self._load()
        urls = f"{self.url}/ {self.tls_url}/"
        slapd = [find_program("slapd"), "-d", "stats", "-h", urls, "-f", self._folder / "slapd.conf"]
        self._program = Program(slapd)
        self._program.wait_for("slapd starting")
        # It says so a moment before it listens.
        for port in (self.port, self.tls_port):
            self._wait_for_port(port)

    def stop(self) -> None:
        """Let the server close its connections and end."""
        if self._program is not None:
            self.resume()
            self._program.stop()

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._program is not None:
            self._program.kill()

    def pause(self) -> None:
        """Make the server hang: the kernel goes on to accept connections, nobody answers."""
        self._send(signal.SIGSTOP)
        assert self._program is not None
        # A signal takes its time, and until all its threads stand still a server answers.
        os.waitid(os.P_PID, self._program.process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._send(signal.SIGCONT)

    def flush_log(self) -> None:
        """Wait until `log` holds everything that the server was asked before this call."""
        assert self._program is not None
        marker = f"cn=marker-{len(self._program.lines)},{self.base_dn}"
        tool = [find_program("ldapsearch"), "-x", "-H", self.url, "-b", marker, "-s", "base"]
        run(tool)
        self._program.wait_for(f'SRCH base="{marker}"')

    def apply(self, ldif: str) -> None:
        """Change entries while the server runs (`ldapmodify`): records with `changetype`."""
        account = ["-x", "-D", f"cn=root,{BASE_DN}", "-w", _ROOT_PASSWORD]
        run_well([find_program("ldapmodify"), "-H", self.url, *account], text=quoted(ldif))

    def modify(self, ldif: str) -> None:
        """Change entries as the server's own administrator while it is stopped (`slapmodify`)."""
        self._tool("slapmodify", ldif)

    def _tool(self, name: str, ldif: str) -> None:
        records = self._folder / "records.ldif"
        records.write_text(quoted(ldif))
        quick = ["-q"] if name == "slapadd" else []
        command = [find_program(name), *quick, "-f", self._folder / "slapd.conf", "-l", records]
        run_well(command, seconds=600)

    def _wait_for_port(self, port: int) -> None:
        assert self._program is not None
        deadline = monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 20).close()
            except ConnectionRefusedError:
                if not self._program.is_running or monotonic() > deadline:
                    raise PeerFailed(f"slapd does not listen:\n{self.log}") from None
            else:
                return

    def _send(self, number: signal.Signals) -> None:
        if self._program is None:
            raise PeerFailed("slapd was not started")
        if self._program.is_running:
            self._program.process.send_signal(number)

    def _load(self) -> None:
        (self._folder / "data").mkdir(parents=True)
        certificate, key = self.authority.issue(
            "server", *self._certificate_names, is_expired=self._has_expired_certificate
        )
        rules = _PASSWORDS_CHANGE if self._lets_passwords_change else _PASSWORDS_STAY
        configuration = _CONFIGURATION.format(
            folder=self._folder,
            authority=self.authority.ca_file,
            certificate=certificate,
            key=key,
            base=BASE_DN,
            root_password=_ROOT_PASSWORD,
            service=SERVICE_DN,
            most=self._most_entries,
            rules=rules.format(base=BASE_DN, service=SERVICE_DN),
        )
        (self._folder / "slapd.conf").write_text(configuration)
        top = (
            entry(BASE_DN, objectClass=("dcObject", "organization"), dc="example", o="Example"),
            entry(f"ou=people,{BASE_DN}", objectClass="organizationalUnit", ou="people"),
            entry(
                SERVICE_DN,
                objectClass=("organizationalRole", "simpleSecurityObject"),
                cn="reader",
                userPassword=SERVICE_PASSWORD,
            ),
        )
        people = [person(name, password) for name, password in PEOPLE.items()]
        stamp = f"modifyTimestamp: {self._modified_at}\n" if self._modified_at else ""
        self._tool("slapadd", "\n".join(record + stamp for record in (*top, *people, *self._extra)))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
