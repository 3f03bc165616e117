"""A Linux whose accounts and passwords are in LDAP: nslcd, asked by the C library and by PAM.

It sees a machine of its own, as tests/peers/sshd_pam_radius.py does: in a private mount namespace its
configuration lies over the machine's, so nothing outside its folder is written. That takes root.
"""

from __future__ import annotations

from pathlib import Path

from tests.peers.program import Program, find_program, run

SERVICE = "vestibule"

_NSLCD_SETTINGS = """
uid root
gid root
uri {url}
base {base}
binddn {bind_dn}
bindpw {bind_password}
tls_reqcert demand
tls_cacertfile {authority}
bind_timelimit 60
timelimit 60
pam_authc_search NONE
"""

_PAM_RULES = """
auth     required  pam_ldap.so
account  required  pam_ldap.so
"""

# /run is emptied: nslcd's socket has a fixed place in it, and no service of the machine shall be asked.
_MACHINE_OF_ITS_OWN = """
set -eu
mount --bind {folder}/nslcd.conf /etc/nslcd.conf
mount --bind {folder}/nsswitch.conf /etc/nsswitch.conf
mount --bind {folder}/pam.d /etc/pam.d
mount -t tmpfs -o mode=755 none /run
mkdir /run/nslcd
exec {nslcd} --debug
"""


class LinuxAccounts:
    """`start()` returns when accounts can be asked for."""

    def __init__(
        self, folder: Path, *, url: str, authority: str, base: str, bind_dn: str, bind_password: str
    ) -> None:
        self._folder = folder
        self._settings = _NSLCD_SETTINGS.format(
            url=url, authority=authority, base=base, bind_dn=bind_dn, bind_password=bind_password
        )
        self._program: Program | None = None

    def start(self) -> None:
        (self._folder / "pam.d").mkdir(parents=True)
        (self._folder / "pam.d" / SERVICE).write_text(_PAM_RULES)
        (self._folder / "nsswitch.conf").write_text("passwd: files ldap\ngroup: files\nshadow: files\n")
        (self._folder / "nslcd.conf").write_text(self._settings)
        (self._folder / "nslcd.conf").chmod(0o600)
        script = _MACHINE_OF_ITS_OWN.format(folder=self._folder, nslcd=find_program("nslcd"))
        unshare = [find_program("unshare"), "--mount", "--propagation", "private"]
        self._program = Program([*unshare, "sh", "-c", script])
        self._program.wait_for("accepting connections")

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()

    @property
    def output(self) -> str:
        return "" if self._program is None else self._program.output

    def account(self, name: str) -> str:
        """Return the account as the C library knows it, "" if there is none."""
        return self._run("getent", "passwd", name)[1].strip()

    def sign_in(self, name: str, password: str) -> bool:
        """Tell whether PAM takes the password and lets the account in."""
        status, _ = self._run("pamtester", SERVICE, name, "authenticate", "acct_mgmt", typed=f"{password}\n")
        return status == 0

    def _run(self, name: str, *arguments: str, typed: str = "") -> tuple[int, str]:
        assert self._program is not None
        inside = [find_program("nsenter"), "-t", self._program.process.pid, "--mount", "--"]
        done = run([*inside, find_program(name), *arguments], text=typed)
        return done.returncode, done.stdout
