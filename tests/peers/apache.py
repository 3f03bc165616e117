"""Apache's web server, whose pages ask for a name and a password that it checks by an LDAP bind.

It will not serve as root, and others may not read what tests write; so it has a folder of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.peers.ports import free_port
from tests.peers.program import Program, find_program

_SETTINGS = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog /dev/stderr
DocumentRoot {folder}/pages
User www-data
Group www-data
StartServers 1
MinSpareThreads 4
ThreadsPerChild 4
ServerLimit 1
MaxRequestWorkers 4
{modules}
LDAPTrustedGlobalCert CA_BASE64 {authority}
LDAPConnectionTimeout 10
LDAPTimeout 60

<Location />
    AuthType Basic
    AuthName "Wiki"
    AuthBasicProvider ldap
    AuthLDAPURL "{url}/{base}?uid"
    AuthLDAPBindDN "{bind_dn}"
    AuthLDAPBindPassword "{bind_password}"
    Require valid-user
</Location>
"""
_MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_basic", "ldap", "authnz_ldap")
_FOLDER = Path("/usr/lib/apache2/modules")


class Apache:
    """A server on 127.0.0.1 with one page, `url`; `start()` returns when it listens."""

    def __init__(self, *, url: str, authority: str, base: str, bind_dn: str, bind_password: str) -> None:
        """`url` is that of the LDAP server."""
        self._folder = Path(tempfile.mkdtemp(prefix="apache-"))
        self._folder.chmod(0o755)
        self._port = free_port()
        self._program: Program | None = None
        self._settings = _SETTINGS.format(
            folder=self._folder,
            port=self._port,
            modules="\n".join(f"LoadModule {name}_module {_FOLDER}/mod_{name}.so" for name in _MODULES),
            url=url,
            authority=shutil.copy(authority, self._folder / "authority.pem"),
            base=base,
            bind_dn=bind_dn,
            bind_password=bind_password,
        )
        self.url = f"http://127.0.0.1:{self._port}/page.txt"

    def start(self) -> None:
        (self._folder / "pages").mkdir()
        (self._folder / "pages" / "page.txt").write_text("the page\n")
        (self._folder / "apache2.conf").write_text(self._settings)
        self._program = Program(
            [find_program("apache2"), "-D", "FOREGROUND", "-f", self._folder / "apache2.conf"]
        )
        self._program.wait_for("resuming normal operations")

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
        shutil.rmtree(self._folder)

    @property
    def output(self) -> str:
        return "" if self._program is None else self._program.output
