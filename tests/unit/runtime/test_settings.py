"""Settings: one file, the environment above it, and a refusal that names every mistake (UPG-05)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from vestibule.catalog import LANGUAGES, has, text
from vestibule.outbound.push_services import BROWSERS
from vestibule.runtime import settings_values
from vestibule.runtime.settings import (
    KEYS,
    Loaded,
    Problem,
    PushSettings,
    Refused,
    Settings,
    line_of,
    load,
)
from vestibule.runtime.settings_files import file_problems
from vestibule.runtime.settings_values import Endpoint, Unusable, shown

EMPTY: Mapping[str, str] = {}


@pytest.fixture(autouse=True)
def _no_file_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("vestibule.runtime.settings.USUAL_FILE", tmp_path / "usual.toml")


def usable(file: Path | None, environment: Mapping[str, str] = EMPTY) -> Settings:
    loaded = load(file, environment)
    assert isinstance(loaded, Loaded), loaded
    return loaded.settings


def refused(file: Path | None, environment: Mapping[str, str] = EMPTY) -> list[Problem]:
    result = load(file, environment)
    assert isinstance(result, Refused)
    return list(result.problems)


def written(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "vestibule.toml"
    file.write_text(content, encoding="utf-8")
    return file


def test_every_setting_has_a_usable_default() -> None:
    loaded = load(None, EMPTY)
    assert isinstance(loaded, Loaded)
    assert [value.key for value in loaded.values] == list(KEYS)
    assert {value.origin for value in loaded.values} == {"default"}
    settings = loaded.settings
    assert settings.radius.listen == (Endpoint("127.0.0.1", 1812),)
    assert settings.http.listen == (Endpoint("127.0.0.1", 8080),)
    assert settings.key_file == settings.state_directory / "master.key"
    assert settings.database_url.reveal() == f"sqlite:///{settings.state_directory}/vestibule.db"


def test_the_environment_wins_over_the_file_and_each_value_tells_its_origin(tmp_path: Path) -> None:
    file = written(tmp_path, 'state_directory = "state"\n\n[log]\nlevel = "debug"\nformat = "json"\n')
    loaded = load(file, {"VESTIBULE_LOG_LEVEL": "error"})
    assert isinstance(loaded, Loaded)
    assert loaded.settings.log.level == "error"
    origins = {value.key: value.origin for value in loaded.values}
    assert origins["log.level"] == "VESTIBULE_LOG_LEVEL"
    assert origins["log.format"] == f"{file}:5"
    assert origins["state_directory"] == f"{file}:1"
    assert origins["key_file"] == "default"


def test_a_relative_path_starts_at_the_file_that_names_it(tmp_path: Path) -> None:
    settings = usable(written(tmp_path, 'state_directory = "state"\ndatabase.url = "sqlite:///data/v.db"\n'))
    assert settings.state_directory == tmp_path / "state"
    assert settings.key_file == tmp_path / "state" / "master.key"
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/data/v.db"


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    file = written(tmp_path, 'node.name = "vpn-1"\n')
    assert usable(None, {"VESTIBULE_CONFIG": str(file)}).node.name == "vpn-1"


def test_the_usual_file_is_read_when_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "usual.toml").write_text('node.name = "usual"\n')
    assert usable(None).node.name == "usual"


def test_the_state_directory_that_the_supervisor_made_is_used() -> None:
    assert usable(None, {"STATE_DIRECTORY": "/var/lib/vestibule:/x"}).state_directory == Path(
        "/var/lib/vestibule"
    )


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        'kye_file = "x"\n'
        "[radius]\n"
        'listen = ["127.0.0.1:1812", "127.0.0.1:1812"]\n'
        "[http]\n"
        "port = 3\n"
        'listen = ["127.0.0.1:99999"]\n'
        "[log]\n"
        'level = "loud"\n',
    )
    assert [(problem.kind, problem.key, problem.origin) for problem in refused(file)] == [
        ("unknown_near", "kye_file", f"{file}:1"),
        ("unknown_near", "http.port", f"{file}:5"),
        ("twice", "radius.listen", f"{file}:3"),
        ("not_port", "http.listen", f"{file}:6"),
        ("not_choice", "log.level", f"{file}:8"),
    ]
    assert refused(file)[0].placeholders == {"suggestion": "key_file"}


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    (problem,) = refused(written(tmp_path, "[log]\nlevel = = 3\n"))
    assert (problem.kind, problem.origin) == ("not_toml", f"{tmp_path}/vestibule.toml:2")
    (cut_off,) = refused(written(tmp_path, "\n\nlog = ["))
    assert (cut_off.kind, cut_off.origin) == ("not_toml", f"{tmp_path}/vestibule.toml:3")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "unreadable.toml"
    if content is not None:
        file.write_bytes(content)
    assert [problem.kind for problem in refused(file)] == ["unreadable"]


def test_a_misspelled_variable_is_refused() -> None:
    (problem,) = refused(None, {"VESTIBULE_RADIUS_LISTN": "127.0.0.1:1812"})
    assert problem.key == "VESTIBULE_RADIUS_LISTN"
    assert problem.placeholders == {"suggestion": "VESTIBULE_RADIUS_LISTEN"}


def test_variables_that_an_orchestrator_adds_are_not_ours() -> None:
    links = {
        "VESTIBULE_SERVICE_HOST": "10.0.0.1",
        "VESTIBULE_PORT": "tcp://10.0.0.1:8080",
        "VESTIBULE_PORT_8080_TCP_ADDR": "10.0.0.1",
        "VESTIBULE_SERVICE_PORT_HTTP": "8080",
    }
    assert usable(None, links) == usable(None)


def test_an_empty_variable_does_not_quietly_mean_the_default() -> None:
    """A database that an unset variable was to name must not become a fresh, empty one."""
    assert [problem.kind for problem in refused(None, {"VESTIBULE_DATABASE_URL": ""})] == ["empty"]
    assert [problem.kind for problem in refused(None, {"VESTIBULE_RADIUS_LISTEN": " "})] == ["empty"]


def test_a_front_end_is_switched_off_by_an_empty_list(tmp_path: Path) -> None:
    assert usable(written(tmp_path, "radius.listen = []\n")).radius.listen == ()
    assert usable(None, {"VESTIBULE_RADIUS_LISTEN": "none"}).radius.listen == ()


def test_certificate_and_key_come_together(tmp_path: Path) -> None:
    alone = refused(None, {"VESTIBULE_HTTP_TLS_KEY": "k.pem"})
    assert [(problem.kind, problem.key) for problem in alone] == [("needs_other", "http.tls_key")]
    both = usable(written(tmp_path, '[http]\ntls_certificate = "c.pem"\ntls_key = "k.pem"\n'))
    assert both.http.tls_key == tmp_path / "k.pem"
    assert both.http.public_url == "https://127.0.0.1:8443"


def test_a_table_where_a_value_belongs_and_the_reverse(tmp_path: Path) -> None:
    problems = refused(written(tmp_path, "key_file = { path = 1 }\nradius = 1812\n"))
    assert [(problem.kind, problem.key) for problem in problems] == [
        ("unknown_near", "radius"),
        ("not_text", "key_file"),
    ]


def test_no_password_is_shown(tmp_path: Path) -> None:
    url = "postgresql://vestibule:geheim@db.example/v?sslmode=require&sslpassword=auchgeheim&password=drittes"
    loaded = load(None, {"VESTIBULE_DATABASE_URL": url})
    assert isinstance(loaded, Loaded)
    assert loaded.settings.database_url.reveal() == url
    assert not [word for word in ("geheim", "auchgeheim", "drittes") if word in repr(loaded)]
    (value,) = [value for value in loaded.values if value.key == "database.url"]
    assert value.shown.startswith("postgresql://vestibule:")
    assert value.shown.endswith("@db.example/v?sslmode=require&sslpassword=••••••&password=••••••")


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("192.0.2.7:1812", "192.0.2.7"),
        ("[2001:db8::1]:1812", "2001:db8::1"),
        ("vpn.example:1812", "127.0.0.1"),
    ],
)
def test_the_node_goes_by_the_address_it_listens_on(listen: str, address: str) -> None:
    """S4: an attempt's record carries the name and the address of the server."""
    assert usable(None, {"VESTIBULE_RADIUS_LISTEN": listen}).node.address == address


@pytest.mark.parametrize(
    ("reader", "raw", "kind"),
    [
        ("read_hosts", ["https://push.example"], "not_host"),
        ("read_hosts", ["Push.example"], "not_host"),
        ("read_hosts", ["push.*.example"], "not_host"),
        ("read_hosts", ["push.example:70000"], "not_port"),
        ("read_named_hosts", ["*.push.example"], "not_host"),
        ("read_service_url", "http://mfa.example.org", "not_https"),
        ("read_proxy", "proxy.example.org:3128", "not_proxy"),
        ("read_proxy", "socks5://proxy.example.org:1080", "not_proxy"),
        ("read_pins", "sha256//bm8ga2V5", "not_pin"),
        ("read_contact", "admin@example.org", "not_contact"),
        ("read_contact", "mailto:nobody", "not_contact"),
        ("read_contact", "http://example.org", "not_contact"),
        ("read_endpoints", ["1812"], "not_endpoint"),
        ("read_endpoints", ["::1:1812"], "not_endpoint"),
        ("read_endpoints", ["[::1::]:1812"], "not_endpoint"),
        ("read_endpoints", ["127.0.0.1:70000"], "not_port"),
        ("read_endpoints", [1812], "not_text"),
        ("read_endpoints", 1812, "not_list"),
        ("read_endpoints", ["A.example:1812", "a.example:1812"], "twice"),
        ("read_name", "two words", "not_name"),
        ("read_name", "n" * 65, "not_name"),
        ("read_address", "localhost", "not_address"),
        ("read_path", "~nobody-we-know/x", "not_path"),
        ("read_networks", ["10.0.0.0/33"], "not_network"),
        ("read_public_url", "https://a.example/path", "not_origin"),
        ("read_public_url", "https://user@a.example", "not_origin"),
        ("read_public_url", "ftp://a.example", "not_origin"),
        ("read_public_url", "https://[::1", "not_url"),
        ("read_database_url", "mysql://h/db", "not_database_url"),
        ("read_database_url", "sqlite://", "not_database_url"),
        ("read_database_url", "sqlite:///file?mode=ro", "not_database_url"),
        ("read_database_url", "postgresql://h:port/db", "not_url"),
    ],
)
def test_values_that_cannot_be_used(reader: str, raw: object, kind: str) -> None:
    with pytest.raises(Unusable) as refusal:
        getattr(settings_values, reader)(raw, Path("/folder"))
    assert refusal.value.problem == kind
    for language in LANGUAGES:
        assert text(language, f"settings.problem.{kind}", **refusal.value.placeholders)


def test_values_are_shown_as_people_write_them() -> None:
    read = settings_values.read_endpoints
    assert shown(read("127.0.0.1:1812, [::1]:1812", Path())) == "127.0.0.1:1812, [::1]:1812"
    assert shown(settings_values.read_networks(["10.1.2.3/8"], Path())) == "10.0.0.0/8"
    assert shown(settings_values.read_public_url("https://a.example/", Path())) == "https://a.example"


@pytest.mark.parametrize(
    ("key", "line"),
    [("a", 1), ("b.c", 2), ("t.x", 5), ("t.u.y", 7), ("t.u.missing", 6), ("t.'q r'", 4), ("nowhere", 1)],
)
def test_a_key_is_found_on_its_line(key: str, line: int) -> None:
    source = 'a = 1\nb.c = 2\n[t]\n"q r" = 0\nx = 3\n[t.u]\ny = 4\n'
    assert line_of(source, key.replace("'", "")) == line


def test_every_problem_has_its_text() -> None:
    for kind in (
        *("unknown", "unknown_near", "unreadable", "not_toml", "needs_other", "not_choice", "empty"),
        *("not_host", "not_contact", "file_unusable", "not_https", "not_proxy", "not_pin"),
    ):
        assert has(f"settings.problem.{kind}")


def test_push_services_and_who_answers_for_us(tmp_path: Path) -> None:
    usual = usable(None)
    assert usual.push.hosts == BROWSERS
    assert usual.push.contact == "https://localhost"
    assert usable(None, {"VESTIBULE_HTTP_PUBLIC_URL": "https://mfa.example.org"}).push.contact == (
        "https://mfa.example.org"
    )
    file = written(
        tmp_path,
        'country_database = "countries.mmdb"\n[push]\nhosts = ["*.push.example", "push.example:8443"]\n'
        'private_hosts = ["localhost:9"]\nca_file = "ca.pem"\ncontact = "mailto:a@example.org"\n',
    )
    settings = usable(file, {"VESTIBULE_PUSH_HOSTS": "none"})
    assert settings.push == PushSettings((), ("localhost:9",), tmp_path / "ca.pem", "mailto:a@example.org")
    assert settings.country_database == tmp_path / "countries.mmdb"


def test_a_role_needs_what_belongs_to_it() -> None:
    server = {"VESTIBULE_ROLE": "server"}
    (alone,) = refused(None, server)
    assert (alone.kind, alone.key, alone.placeholders) == ("needs_other", "role", {"other": "link.service"})
    (plain,) = refused(None, {"VESTIBULE_ROLE": "service"})
    assert (plain.kind, plain.key) == ("not_https", "http.public_url")
    proxy = {"VESTIBULE_LINK_PROXY": "http://mfa:secret@proxy.example.org:3128"}
    loaded = load(None, server | proxy | {"VESTIBULE_LINK_SERVICE": "https://mfa.example.org/"})
    assert isinstance(loaded, Loaded)
    assert loaded.settings.link.service == "https://mfa.example.org"
    assert "secret" not in str(loaded)
    assert (
        usable(
            None, {"VESTIBULE_ROLE": "service", "VESTIBULE_HTTP_PUBLIC_URL": "https://a.example"}
        ).radius.listen
        == ()
    )


def test_an_authority_of_the_link_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no")
    loaded = load(None, {"VESTIBULE_LINK_CA_FILE": str(tmp_path / "ca.pem")})
    assert isinstance(loaded, Loaded)
    (problem,) = file_problems(loaded)
    assert (problem.kind, problem.key) == ("file_unusable", "link.ca_file")
    assert problem.placeholders["reason"] == "holds no certificate"


def test_the_reference_page_names_every_key_and_its_example_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    of_the_process = page.partition("\n## Texts and calls of a tenant")[0]
    named = [line.split("`")[1] for line in of_the_process.splitlines() if line.startswith("| `")]
    assert sorted(named) == sorted(KEYS)
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert usable(written(tmp_path, example)).node.name == "vestibule-1"
