"""`vestibule mail`: the outbox of e-mails and webhooks, what became of each, and what failed once more."""

from __future__ import annotations

from cyclopts import App

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.records import dispatch_record
from vestibule.interfaces.store import DispatchFilter
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.services.gateway_words import cause_words, dispatch_kind

app = App(
    name="mail",
    help="E-mails and webhooks: what was sent, what failed and why, and sending it again.",
    help_format="plaintext",
)


@app.command(name="list")
def list_dispatches(
    *,
    state: DispatchState | None = None,
    address: str | None = None,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List e-mails and webhooks, newest first. What they say is never shown.

    For example:

      vestibule mail list --state failed
      vestibule mail list --address alice@example.org

    Parameters
    ----------
    state
        Only those that stand so.
    address
        Only those to this e-mail address.
    """

    async def work(desk: Desk) -> None:
        gateways = desk.services.gateway_settings.list(desk.actor, desk.tenant_id)
        names = {one.gateway_id: one.name for one in gateways}
        where = DispatchFilter(state=state.value if state else "", address=address or "")
        await show_pages(
            desk.terminal,
            lambda page: desk.services.outbox.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=dispatch_record,
            header=("when", "what", "to", "state", "tries", "cause", "id"),
            row=lambda one: _cells(desk, names, one),
            empty="list.no_dispatches",
        )

    return at_desk(scope, work)


@app.command
def again(dispatch_id: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Send what has failed, or waits for its next try, once more and now. The running server sends it.

    For example:

      vestibule mail again 019a3c…

    Parameters
    ----------
    dispatch_id
        Its identifier; see: vestibule mail list
    """

    async def work(desk: Desk) -> None:
        due = await desk.services.outbox.again(desk.actor, desk.tenant_id, dispatch_id)
        if as_json:
            desk.terminal.json(dispatch_record(due))
        else:
            desk.terminal.say("mail.due")

    return at_desk(scope, work)


def _cells(desk: Desk, names: dict[str, str], one: Dispatch) -> tuple[str, ...]:
    language = desk.terminal.language
    return (
        moment(one.created_at),
        dispatch_kind(language, one.kind),
        one.address if one.carries is Carries.MAIL else names.get(one.address, one.address),
        desk.terminal.named("dispatch.state", one.state.value),
        str(one.tries),
        cause_words(language, one.cause),
        one.dispatch_id,
    )
