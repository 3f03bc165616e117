"""Makes an Active Directory domain in a folder, with Samba's own modules, which Debian's Python has.

    /usr/bin/python3 samba_domain.py FOLDER REALM DOMAIN ADMINISTRATOR_PASSWORD

`samba-tool domain provision` does the same and then gives shared folders access lists, which takes more
packages and a file system that keeps them; tests share no folders.
"""

import logging
import sys

from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision


def main(folder: str, realm: str, domain: str, password: str) -> None:
    settings = LoadParm()
    settings.load("/dev/null")
    provision(
        logging.getLogger(),
        system_session(),
        lp=settings,
        targetdir=folder,
        realm=realm,
        domain=domain,
        hostname="dc1",
        hostip="127.0.0.1",
        adminpass=password,
        serverrole="active directory domain controller",
        dns_backend="NONE",
        # The oldest schema is the smallest, and a second faster.
        base_schema="2008_R2",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        skip_sysvolacl=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
