"""What controllers hand to pages, beyond the values of the model.

Values only: no texts (a `Words` names a text of the catalog; the page's language decides what it says), no
markup, no access to anything. Every page needs a `Frame`; what else it needs is written at the top of its
template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vestibule import catalog
from vestibule.model.authenticator import Authenticator
from vestibule.model.block import Block
from vestibule.model.bypass import Bypass
from vestibule.model.provisioning import ProvisioningSettings
from vestibule.model.simulated_phone import PhoneCall, PhoneText
from vestibule.model.user import User
from vestibule.policy.client_doctor import Finding
from vestibule.policy.client_signing import ClientSigning

Door = Literal["portal", "console"]
Tone = Literal["good", "bad", "wait", "info"]
Theme = Literal["auto", "light", "dark"]


Allowed: TypeAlias = Callable[[str, str], bool]


def everything(_method: str, _path: str) -> bool:
    """Allow it: the person decides about himself, or there is nothing to decide."""
    return True


@dataclass(frozen=True, slots=True)
class Words:
    """A text of the catalog that is not yet in a language: its key and the values of its placeholders."""

    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)


def refusal_words(why: str, key: str) -> Words:
    """Return the words for a change that was refused: `refusal.<why>`, with `key` if it names one."""
    name = f"refusal.{why}"
    wanted = catalog.wordings(name)[catalog.LANGUAGES[0]].placeholders
    return Words(name, dict.fromkeys(wanted, key))


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say above the page, once; e.g. what the form before has done."""

    tone: Tone
    words: Words


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed and what was wrong with it. Never give it back a password, passcode or secret."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Words] = field(default_factory=dict)
    problem: Words | None = None
    """What was wrong with the form as a whole."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """One tenant in the console's list of them, with the path of its overview."""

    name: str
    path: str
    is_current: bool = False
    has_people: bool = True
    """Whether there may be people in it at the service."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What a tenant has chosen for the pages that its people see; empty: the product's own."""

    name: str = ""
    style: str = ""
    """Path of a style sheet."""
    logo: str = ""
    """Path of a picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page needs to know. `path` is the path and query of the request, to return to."""

    language: str
    csrf_token: str = field(repr=False)
    path: str
    door: Door = "portal"
    root: str = "/portal"
    """Where the door itself lives: signing in and out, set-up, help."""
    base: str = "/portal"
    """Where its pages live; in the console this names the tenant that they are about."""
    theme: Theme = "auto"
    person: str = ""
    """Display name of who is signed in; empty if nobody is."""
    tenants: tuple[Tenancy, ...] = ()
    """The tenants that an administrator may look at."""
    allowed: Allowed = everything
    """Whether whoever is signed in may follow a link (`GET`) or send a form (`POST`) to a path."""
    notices: tuple[Notice, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Features that the edition of the tenant lacks, with the edition that has them."""
    brand: Brand = Brand()


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from; `label` is a name that people gave, not a text of ours."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a plug-in, as a form asks for it. `default` is what stands there at first, as typed."""

    name: str
    form: Literal["text", "list", "number", "yes_no"]
    required: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class PluginSetting:
    """One setting of a plug-in, read off its struct; `label` is in the language of the page. `name` is the
    name of the field, which no other field of the form has."""

    name: str
    form: Literal["text", "number", "yes_no", "choice", "list", "json"]
    label: str
    is_required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """A gateway and how it stands on this server; `kind` and `cause` are in the language of the page."""

    gateway_id: str
    name: str
    kind: str
    carries: tuple[str, ...]
    priority: int
    tone: str
    standing: str
    """The text `gateway.standing.<standing>`."""
    failures: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """Something sent to a phone: never what was said, and of the number only its end."""

    at: int
    carries: str
    number: str
    gateway: str
    gateway_id: str
    state: str
    tone: str
    cause: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """An e-mail or a webhook: whom it is for, never what it said."""

    dispatch_id: str
    at: int
    carries: str
    kind: str
    """In the language of the page."""
    address: str
    """Of a webhook its name."""
    gateway: str
    gateway_id: str
    state: str
    tone: str
    cause: str = ""
    tries: int = 0
    due_at: int | None = None
    """When it is tried next."""
    may_be_sent: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of the overview."""

    users: int
    attempts: int
    """In the last 24 hours."""
    applications: int
    radius_clients: int


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One thing that has to work. Its name is the text `console.health.<part>`; `words` say how it is."""

    part: str
    tone: Tone
    words: Words


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A hardware token and who holds it, if anyone."""

    authenticator: Authenticator
    holder: User | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What keeps one person out, or lets him in without what he has lost."""

    block: Block | None
    """The one that holds now."""
    block_days: int
    numbers: tuple[str, ...]
    """Phone numbers for which a block may hold as well."""
    bypass: Bypass | None
    """The one that waits to be used."""
    applications: tuple[tuple[str, str], ...]
    """Where a bypass may hold: pairs of identifier and name."""
    access_pass: Authenticator | None
    """The temporary access pass that is good now."""
    can_pass: bool
    """Whether there is a method that makes passes."""
    block_form: Form = field(default_factory=Form)
    """Values: reason, days, phone."""
    bypass_form: Form = field(default_factory=Form)
    """Values: bypass_reason, seconds, application."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A RADIUS client in the list."""

    client_id: str
    name: str
    address: str
    application_name: str
    mode: str
    signing: ClientSigning
    is_enabled: bool
    secrets: int
    """How many of its secrets are valid now."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something that the doctor of RADIUS clients has found."""

    finding: Finding
    seen: Words
    why: Words
    then: Words


@dataclass(frozen=True, slots=True)
class LdapClientRow:
    """An LDAP client in the list."""

    client_id: str
    name: str
    address: str
    application_name: str
    passcodes: str
    is_enabled: bool
    is_clear: bool
    """Whether it may send passwords in the clear."""


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in the list; `client_name` is empty for those of authority and servers."""

    certificate_id: str
    kind: str
    name: str
    client_name: str
    not_after: int
    is_revoked: bool = False
    is_over: bool = False
    ends_soon: bool = False


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A shared secret or API key that is stored: what tells it apart, never what it is."""

    secret_id: str
    hint: str
    created_at: int
    not_after: int | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role that somebody has. The name of a built-in one, and of every tenant, is empty."""

    role_id: str
    role_name: str
    tenant_id: str
    tenant_name: str
    group_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvisioningKeyRow:
    """A client that pushes people, with the ends of its keys."""

    client_id: str
    name: str
    hints: tuple[str, ...]
    address: str
    settings: ProvisioningSettings
    created_at: int


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API client with its key."""

    client_id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    application_name: str
    address: str
    created_at: int
    not_after: int | None = None
    is_over: bool = False
    role_id: str = "administrator"
    role_name: str = ""
    """Empty: it is built in."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server that is activated here; name, version and address are what it says of itself."""

    server_id: str
    name: str
    group_name: str
    version: str
    address: str
    status: str
    """`connected`, `away` or `refused`."""
    turned_away: str
    last_contact_at: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of an import that cannot be used, and why. `place` is the line, or the key package's number."""

    place: int
    serial: str
    words: Words


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or, as a dry run, would do. `bad_rows` may hold only the first of `bad`."""

    is_dry_run: bool
    file_name: str
    file_form: str
    """The text `console.token_import.form.<file_form>`."""
    read: int
    added: int
    updated: int
    unchanged: int
    assigned: int
    bad: int
    bad_rows: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """One line of the thread that a simulated phone shows: a text or a call that is over."""

    at: int
    text: PhoneText | None = None
    call: PhoneCall | None = None
