"""The pages of portal and console: Jinja templates in, HTML out.

A page is data and a template; it never sees a request, a service or a store. Everything that is put into a
page is escaped, whoever wrote it; a variable that is missing is an error and not a blank. The templates
contain no inline script and no inline style, so that the policy of headers.py can forbid both, and no text:
words come from the catalog in the language of the frame.

The comment at the top of each page names its route, its variables and what it posts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from vestibule import catalog
from vestibule.frontends.http.assets import Assets
from vestibule.frontends.http.templates.views import Choice, Frame, Words
from vestibule.model.price import amount
from vestibule.model.throttle import NEVER
from vestibule.model.usage import Usage
from vestibule.model.verification import TraceLine
from vestibule.policy.rating import units_of
from vestibule.services.amount_words import money_words, price_words, unit_words

NOTHING: Final = "–"
"""What stands where there is no value."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages; one for the whole process, safe to share."""

    environment: Environment

    def render(self, page: str, frame: Frame, /, **variables: object) -> str:
        """Return the HTML of the template `page`, e.g. `portal/home.html`.

        Raises jinja2.UndefinedError if one of the page's variables is missing.
        """
        return self.environment.get_template(page).render(frame=frame, **variables)


def make_pages(assets: Assets) -> Pages:
    """Return the renderer whose pages refer to these assets."""
    environment = Environment(
        loader=PackageLoader(__name__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(_WORDS, asset=assets.url, LANGUAGES=catalog.LANGUAGES, NEVER=NEVER)
    environment.filters.update(moment=_moment, day=_day, number=_number, grouped=_grouped, marked=_marked)
    environment.filters.update(
        money=_money, price=_price, units=_units, priced=_priced, phone_cost=_phone_cost
    )
    return Pages(environment)


def _language(context: Context) -> str:
    frame: Frame = context["frame"]
    return frame.language


@pass_context
def _text(context: Context, key: str, /, **placeholders: str | int) -> str:
    return catalog.text(_language(context), key, **placeholders)


@pass_context
def _say(context: Context, words: Words) -> str:
    return catalog.text(_language(context), words.key, **words.values)


@pass_context
def _named(context: Context, area: str, name: str) -> str:
    """Return the text `area.name`, or the name itself: rows outlive the release that wrote them."""
    key = f"{area}.{name}"
    return catalog.text(_language(context), key) if catalog.has(key) else name


@pass_context
def _named_pairs(context: Context, area: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return names of ours with their texts, to choose from."""
    return [(name, _named(context, area, name)) for name in names]


def _pairs(choices: Iterable[Choice]) -> list[tuple[str, str]]:
    return [(choice.value, choice.label) for choice in choices]


def _own_name(language: str) -> str:
    return catalog.text(language, "common.own_name")


def _languages() -> list[tuple[str, str]]:
    return [(language, _own_name(language)) for language in catalog.LANGUAGES]


@pass_context
def _explain(context: Context, line: TraceLine) -> str:
    """Return one line of a why-trace as a sentence, or as plain facts if the catalog has none for it."""
    facts = {name: _spoken_fact(context, name, value) for name, value in line.facts.items()}
    detail = _spoken_detail(context, facts.pop("detail", ""))
    key = f"trace.{line.step}.{line.result}"
    if catalog.has(key):
        wanted = catalog.wordings(key)[_language(context)].placeholders
        said = catalog.text(_language(context), key, **{name: facts.get(name) or NOTHING for name in wanted})
    elif catalog.has(f"reason.{line.result}"):
        said = _named(context, "reason", line.result)
    else:
        plain = [f"{name} = {fact}" for name, fact in facts.items()]
        said = ", ".join([f"{line.step}: {line.result}", *plain])
    return f"{said} ({detail})" if detail else said


def _spoken_detail(context: Context, detail: str) -> str:
    """Return what a plug-in says of a step: mostly a name of a text of its own."""
    is_text = catalog.has(detail) and not catalog.wordings(detail)[_language(context)].placeholders
    return catalog.text(_language(context), detail) if is_text else detail


def _spoken_fact(context: Context, name: str, value: str) -> str:
    match name:
        case "method":
            return _named(context, "method", f"{value}.name")
        case "limit":
            return _named(context, "limit.kind", value)
        case _:
            return value


@pass_context
def _moment(context: Context, at: int | None, otherwise: str = NOTHING) -> str | Markup:
    """Return a time in UTC; the page's script turns it into the reader's own time."""
    if at is None:
        return otherwise
    then = datetime.fromtimestamp(at / 1000, UTC)
    day, time = _spoken_day(context, then), f"{then:%H:%M}"
    spoken = catalog.text(_language(context), "ui.time.moment", day=day, time=time)
    return Markup('<time datetime="{}" data-moment>{}</time>').format(f"{then:%Y-%m-%dT%H:%M:%SZ}", spoken)


@pass_context
def _day(context: Context, at: int | None, otherwise: str = NOTHING) -> str | Markup:
    """Return a day in UTC."""
    if at is None:
        return otherwise
    then = datetime.fromtimestamp(at / 1000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{then:%Y-%m-%d}", _spoken_day(context, then))


def _spoken_day(context: Context, then: datetime) -> str:
    language = _language(context)
    month = catalog.text(language, f"ui.time.month.m{then.month}")
    return catalog.text(language, "ui.time.day", day=then.day, month=month, year=then.year)


@pass_context
def _number(context: Context, value: int) -> str:
    """Return a whole number with the language's own mark between thousands."""
    return f"{value:,}".replace(",", catalog.text(_language(context), "ui.number.thousands"))


@pass_context
def _money(context: Context, amount: Decimal, currency: str) -> str:
    """Return an amount that is paid, with its currency."""
    return money_words(_language(context), amount, currency)


@pass_context
def _price(context: Context, price: Decimal, currency: str) -> str:
    """Return a price with as many decimals as it needs, without its currency."""
    return price_words(_language(context), price, currency)


@pass_context
def _priced(context: Context, usage: Usage) -> str:
    """Return what a day adds to what is priced."""
    return unit_words(_language(context), units_of(usage))


@pass_context
def _phone_cost(context: Context, cost: int) -> str:
    """Return what texts and calls have cost, in the currency of the gateways' prices."""
    return amount(cost).replace(".", catalog.text(_language(context), "ui.number.decimal"))


@pass_context
def _units(context: Context, units: Fraction) -> str:
    """Return what is priced, with two decimals."""
    return unit_words(_language(context), units)


def _grouped(value: str, size: int = 4) -> list[str]:
    """Return a long secret in groups that people can read out and type."""
    return [value[start : start + size] for start in range(0, len(value), size)]


def _marked(svg: str) -> Markup:
    """Trust an SVG that this program has drawn itself (a QR code); never anything that came from outside."""
    return Markup(svg)  # noqa: S704 - the one place where markup is not escaped


_WORDS: Final = {
    "t": _text,
    "say": _say,
    "named": _named,
    "named_pairs": _named_pairs,
    "pairs": _pairs,
    "explain": _explain,
    "has_text": catalog.has,
    "own_name": _own_name,
    "languages": _languages,
}
"""The functions of templates; each chooses or arranges words, none does anything."""
