"""An Active Directory domain, served by Samba over LDAP: the real rules, and the real words for a refusal.

It takes about four seconds of a processor to make, so a test run makes one for all its processes, and every
test adds people of its own, with names that no other test has. The domain listens on a loopback address of
its own, at the ports that directories have (389, 636), which takes root; it serves LDAP only.

    alice = samba.add_person("alice", "Wonder-land 1")
    samba.settings, samba.service_password
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from tests.peers.ldif import entry, quoted
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.program import PeerFailed, find_program, run, run_well
from tests.peers.shared_server import SharedServer

REALM = "corp.example"
DOMAIN = "CORP"
BASE_DN = "DC=corp,DC=example"
PEOPLE_DN = f"CN=Users,{BASE_DN}"
_ADMINISTRATOR = f"administrator@{REALM}"
_ADMINISTRATOR_PASSWORD = "Adm1n-of-tests"  # made up for a domain that lives for one test run
_DEBIAN_PYTHON = "/usr/bin/python3"
_NORMAL, _DISABLED = "512", "514"
_LONG_AGO = 130_000_000_000_000_000  # in 2012; steps of 100 ns since 1601
_PAST_THE_RULES = "--controls=local_oid:1.3.6.1.4.1.7165.4.3.12:0"  # DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID
_HALF_AN_HOUR = "-18000000000"  # lengths of time are less than nothing, in the same steps
_RULES = {
    "PasswordSettingsPrecedence": "1",
    "PasswordReversibleEncryptionEnabled": "FALSE",
    "PasswordHistoryLength": "0",
    "PasswordComplexityEnabled": "TRUE",
    "MinimumPasswordLength": "7",
    "MinimumPasswordAge": "0",
    "MaximumPasswordAge": "-9223372036854775808",
    "LockoutThreshold": "0",
    "LockoutObservationWindow": _HALF_AN_HOUR,
    "LockoutDuration": _HALF_AN_HOUR,
}

_CONFIGURATION = """
[global]
netbios name = DC1
realm = {realm}
workgroup = {domain}
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
old password allowed period = 0
tls cafile = {authority}
tls certfile = {certificate}
tls keyfile = {key}
private dir = {home}/private
state directory = {home}/state
cache directory = {home}/cache
lock directory = {home}
pid directory = {home}
ncalrpc dir = {home}/ncalrpc
binddns dir = {home}/bind-dns
log file = {home}/log
"""


class SambaAd(SharedServer):
    """One domain controller. Names of entries (`dn`) are what the methods that add something return."""

    label = "samba"
    base_dn = BASE_DN
    service_name = f"vestibule@{REALM}"
    """An account that may read, and reset the passwords of people."""
    service_password = "Reader-of-tests 8f2c"

    @property
    def address(self) -> str:
        return (self.home / "address").read_text()

    @property
    def url(self) -> str:
        return f"ldap://{self.address}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://{self.address}"

    @property
    def ca_file(self) -> str:
        return str(self.home / "tls" / "authority.pem")

    @property
    def settings(self) -> dict[str, object]:
        """The settings of a directory as docs/how-to/connect-an-ldap-directory.md has them."""
        return {
            "urls": [self.tls_url],
            "base_dn": BASE_DN,
            "bind_dn": self.service_name,
            "name_attributes": ["sAMAccountName", "userPrincipalName"],
            "object_class": "user",
            "reference_attribute": "objectGUID",
            "username_attribute": "sAMAccountName",
            "ca_file": self.ca_file,
            "password_change": "active_directory",
            "timeout_seconds": 30,
        }

    def serve(self, home: Path) -> Sequence[object]:
        provision = [_DEBIAN_PYTHON, Path(__file__).with_name("samba_domain.py")]
        run_well([*provision, home, REALM, DOMAIN, _ADMINISTRATOR_PASSWORD])
        (home / "address").write_text(_address_of_its_own())
        self.home = home
        authority = TestAuthority(home / "tls")
        certificate, key = authority.issue("dc1", self.address, f"dc1.{REALM}")
        key.chmod(0o600)
        configuration = _CONFIGURATION.format(
            realm=REALM,
            domain=DOMAIN,
            address=self.address,
            authority=authority.ca_file,
            certificate=certificate,
            key=key,
            home=home,
        )
        (home / "smb.conf").write_text(configuration)
        _start(home)
        self.change(BASE_DN, minPwdAge="0")
        service = self.add_person("vestibule", self.service_password)
        operators = f"CN=Account Operators,CN=Builtin,{BASE_DN}"
        self.apply(f"dn: {operators}\nchangetype: modify\nadd: member\nmember: {service}\n")
        return ["sh", "-c", f"kill $(cat {home}/samba.pid)"]

    @property
    def administrator(self) -> tuple[str, str]:
        """Name and password of who may do everything."""
        return _ADMINISTRATOR, _ADMINISTRATOR_PASSWORD

    def apply(self, ldif: str) -> None:
        """Change the directory as its administrator; raises PeerFailed."""
        account = ["-x", "-D", _ADMINISTRATOR, "-w", _ADMINISTRATOR_PASSWORD]
        tool = [find_program("ldapmodify"), "-H", self.tls_url, *account]
        done = run(tool, text=quoted(ldif), environment=os.environ | {"LDAPTLS_CACERT": self.ca_file})
        if done.returncode != 0:
            raise PeerFailed(f"the domain refuses:\n{ldif}\n{done.stdout}{done.stderr}")

    # --- what there is ------------------------------------------------------------------------------

    def add_unit(self, name: str, under: str = BASE_DN) -> str:
        dn = f"OU={name},{under}"
        return self._add(dn, objectClass="organizationalUnit")

    def add_person(
        self, name: str, password: str, under: str = PEOPLE_DN, **more: str | tuple[str, ...]
    ) -> str:
        attributes: dict[str, str | tuple[str, ...]] = {
            "objectClass": "user",
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@{REALM}",
            "givenName": name.title(),
            "sn": "Example",
            "mail": f"{name}@{REALM}",
            "userAccountControl": _NORMAL,
        }
        dn = f"CN={name.title()} Example,{under}"
        record = entry(dn, **(attributes | more)) + _password_line(password)
        self.apply(record.replace("\n", "\nchangetype: add\n", 1))
        return dn

    def add_group(self, name: str, *members: str, under: str = PEOPLE_DN) -> str:
        """Add a group of people and of other groups."""
        return self._add(f"CN={name},{under}", objectClass="group", sAMAccountName=name, member=members)

    def set_members(self, dn: str, *members: str) -> None:
        """Put these into a group in place of who is in it."""
        with self.turn():
            self.change(dn, member=members)

    def _add(self, dn: str, **attributes: str | tuple[str, ...]) -> str:
        """Add what people are in. Who must not see that of others change in the meantime has the turn."""
        with self.turn():
            self.apply(entry(dn, **attributes).replace("\n", "\nchangetype: add\n", 1))
        return dn

    # --- what becomes of it -------------------------------------------------------------------------

    def change(self, dn: str, **attributes: str | tuple[str, ...]) -> None:
        """Put values in the place of those there are; an empty tuple takes them away."""
        for name, values in attributes.items():
            lines = entry(dn, **{name: values}).split("\n", 1)[1]
            self.apply(f"dn: {dn}\nchangetype: modify\nreplace: {name}\n{lines}")

    def set_password(self, dn: str, password: str) -> None:
        self.apply(f"dn: {dn}\nchangetype: modify\nreplace: unicodePwd\n{_password_line(password)}")

    def demand_new_password(self, dn: str) -> None:
        """The person must change his password at the next logon."""
        self.change(dn, pwdLastSet="0")

    def disable(self, dn: str) -> None:
        self.change(dn, userAccountControl=_DISABLED)

    def rename(self, dn: str, name: str) -> str:
        """Give an entry another name at the same place, and return its new `dn`."""
        return self._rename(dn, name, dn.split(",", 1)[1])

    def move(self, dn: str, under: str) -> str:
        return self._rename(dn, dn.split(",", 1)[0].partition("=")[2], under)

    def delete(self, dn: str) -> None:
        self.apply(f"dn: {dn}\nchangetype: delete\n")

    def _rename(self, dn: str, name: str, under: str) -> str:
        own = f"{dn.partition('=')[0]}={name}"
        self.apply(f"dn: {dn}\nchangetype: modrdn\nnewrdn: {own}\ndeleteoldrdn: 1\nnewsuperior: {under}\n")
        return f"{own},{under}"

    def expire_password(self, dn: str) -> None:
        """Say that the password was set long ago, which no client can: written beside the server."""
        ldif = f"dn: {dn}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: {_LONG_AGO}\n"
        tool = [find_program("ldbmodify"), "-H", self.home / "private" / "sam.ldb", _PAST_THE_RULES]
        if (done := run(tool, text=quoted(ldif))).returncode != 0:
            raise PeerFailed(f"the password does not expire:\n{done.stdout}{done.stderr}")

    def rules_for(self, dn: str, **rules: str) -> None:
        """Give one person rules of his own, e.g. `MinimumPasswordLength="20"` (msDS-PasswordSettings)."""
        name = dn.split(",", 1)[0].partition("=")[2]
        attributes = {f"msDS-{rule}": value for rule, value in (_RULES | rules).items()}
        self._add(
            f"CN=Rules of {name},CN=Password Settings Container,CN=System,{BASE_DN}",
            objectClass="msDS-PasswordSettings",
            **attributes,
            **{"msDS-PSOAppliesTo": dn},
        )


def _address_of_its_own() -> str:
    """Return an address that only this network of ours looks at: every one below 127 is this machine."""
    number = os.getpid()
    return f"127.{1 + (number >> 16) % 254}.{(number >> 8) & 0xFF}.{1 + (number & 0xFF) % 254}"


def _start(home: Path) -> None:
    """Start the server, which tells systemd, or who takes its place, when it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(home / "ready"))
        ready.settimeout(110)
        samba = [find_program("samba"), "--daemon", "--model=single", "-s", home / "smb.conf"]
        done = run(samba, environment=os.environ | {"NOTIFY_SOCKET": str(home / "ready")}, with_output=False)
        try:
            ready.recv(1000)
        except TimeoutError:
            raise PeerFailed(f"samba ended with {done.returncode}:\n{(home / 'log').read_text()}") from None


def _password_line(password: str) -> str:
    value = f'"{password}"'.encode("utf-16-le")
    return f"unicodePwd:: {base64.b64encode(value).decode()}\n"
