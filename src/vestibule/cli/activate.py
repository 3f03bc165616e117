"""`vestibule activate`: make this server known to the service that delivers for it, once."""

from __future__ import annotations

from cyclopts import App

from vestibule.catalog import text
from vestibule.cli.configuration import ConfigFile, settings_or_exit
from vestibule.cli.desk import Desk, in_the_house
from vestibule.cli.terminal import NotDone
from vestibule.runtime.settings import SERVER

app = App(name="activate", help_format="plaintext")


@app.default
def activate(*, config: ConfigFile = None) -> int:
    """Activate this server at the service that link.service names, with credentials from there.

    The credentials are asked for, or read from one line of standard input. A server that runs connects by
    itself within a few seconds.

    For example:

      vestibule activate
      vestibule activate --config /etc/vestibule/vestibule.toml < credentials
    """
    settings = settings_or_exit(config)

    async def work(desk: Desk) -> None:
        from vestibule.frontends.link import address_of
        from vestibule.frontends.link.arriving import activate as arrive
        from vestibule.frontends.link.connecting import CannotDial
        from vestibule.services.links import TurnedAway

        address = address_of(settings.link)
        if not address.service:
            raise NotDone("cli.server.no_service")
        credentials = desk.terminal.ask_hidden("ask.credentials", service=address.service)
        try:
            peer = await arrive(desk.services.service_link, address, credentials)
        except CannotDial as why:
            key, facts = f"cannot_dial.{why.kind}", {"detail": why.detail}
        except TurnedAway as refused:
            key, facts = f"turned_away.{refused.why}", {}
        except ConnectionError as broken:
            key, facts = "cannot_dial.broken", {"detail": str(broken)}
        else:
            desk.terminal.say("server.activated", name=peer.server_name, service=address.service)
            if settings.role != SERVER:
                desk.terminal.note("server.other_role", command=desk.command("serve --role server"))
            return
        said = text(desk.terminal.language, f"link.{key}", service=address.service, **facts)
        raise NotDone("cli.server.not_activated", why=said)

    return in_the_house(config, work)
