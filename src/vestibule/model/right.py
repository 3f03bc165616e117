"""Right: what somebody may do. A service asks for one before it reads or changes anything."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Right(StrEnum):
    ADMINISTER = "administer"
    """All that follow, and whatever is added to them."""
    READ_PEOPLE = "people.read"
    """See people, groups, tokens and what somebody holds; never a secret."""
    CHANGE_PEOPLE = "people.change"
    """Add, change, enable, disable and remove people, and say what is required of them."""
    GROUPS = "groups.change"
    PASSWORDS = "passwords.set"
    AUTHENTICATORS = "authenticators.change"
    """Give and take phones and apps, demand that somebody registers anew."""
    SECRETS = "secrets.see"
    """Be shown what opens a door for somebody else: the code of a new authenticator, recovery codes."""
    TOKENS = "tokens.change"
    """Import hardware tokens, give, take and resynchronize them."""
    PINS = "pins.change"
    BLOCKS = "blocks.change"
    """Block, unblock, and unlock who has failed too often."""
    BYPASSES = "bypasses.grant"
    """Grant one-time bypasses and temporary passes."""
    APP_PASSWORDS = "app_passwords.remove"
    READ_HISTORY = "history.read"
    """See attempts, deliveries and the record of changes."""
    READ_CONFIGURATION = "configuration.read"
    """See applications, clients, directories, gateways, rules and settings; never a secret."""
    APPLICATIONS = "applications.change"
    """Change applications, RADIUS clients and their shared secrets."""
    API_KEYS = "api_keys.change"
    DIRECTORIES = "directories.change"
    GATEWAYS = "gateways.change"
    """Change gateways and the recordings of calls."""
    SERVERS = "servers.change"
    """Activate servers and remove them."""
    RULES = "rules.change"
    SETTINGS = "settings.change"
    TENANTS = "tenants.add"
    BILLING = "billing.change"
    """Change providers, licences, price lists and bills. Of the operator, in every tenant."""
    READ_BILLING = "billing.read"
    """See what a tenant has used, its licences and its bills."""
    ADMINISTRATORS = "administrators.change"
    """Make roles, give and take them, and change people who have one."""
    SELF = "self"
    """Change one's own authenticators. Nobody is given it: it is the person's own."""
    VERIFY = "verify"
    """Ask whether a person is who he says. Of programs."""
    PROVISION = "provision"
    """Push people and groups from where they are kept. Of programs."""


OF_ADMINISTRATORS: Final = frozenset(Right) - {Right.ADMINISTER, Right.SELF, Right.VERIFY, Right.PROVISION}
"""What `ADMINISTER` comprises, and what a role may have."""
OF_OPERATOR: Final = frozenset({Right.TENANTS, Right.BILLING})
"""What nobody has who has it in one tenant only: it is about what the operator sells."""
OVER_PEOPLE: Final = frozenset(
    {
        Right.READ_PEOPLE,
        Right.CHANGE_PEOPLE,
        Right.PASSWORDS,
        Right.AUTHENTICATORS,
        Right.SECRETS,
        Right.TOKENS,
        Right.PINS,
        Right.BLOCKS,
        Right.BYPASSES,
        Right.APP_PASSWORDS,
        Right.READ_HISTORY,
    }
)
"""What can be had over the people of certain groups only."""
IMPLIED: Final = {
    **dict.fromkeys((OVER_PEOPLE - {Right.READ_HISTORY}) | {Right.GROUPS}, Right.READ_PEOPLE),
    **dict.fromkeys(
        (
            Right.APPLICATIONS,
            Right.API_KEYS,
            Right.DIRECTORIES,
            Right.GATEWAYS,
            Right.SERVERS,
            Right.RULES,
            Right.SETTINGS,
        ),
        Right.READ_CONFIGURATION,
    ),
    Right.BILLING: Right.READ_BILLING,
}
"""Whoever changes something sees it."""
