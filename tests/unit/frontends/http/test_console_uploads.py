"""Token files that wait between trying out and importing: whose they are, and for how long."""

from __future__ import annotations

from vestibule.frontends.http.console.token_import import Upload, Uploads
from vestibule.services.token_import import TokenFileOptions

NOW = 1_000_000


def upload(owner: str, tenant_id: str = "acme", content: bytes = b"seed") -> Upload:
    return Upload(owner, tenant_id, NOW + 1000, "tokens.csv", content, TokenFileOptions())


def test_a_file_is_taken_once_by_the_session_that_sent_it_for_the_same_tenant() -> None:
    """TEN-06: neither another session nor another tenant gets it."""
    uploads = Uploads()
    name = uploads.keep(upload("grace"), NOW)
    assert uploads.take(name, "mallory", "acme", NOW) is None
    assert uploads.take(name, "grace", "other", NOW) is None
    assert uploads.take("another name", "grace", "acme", NOW) is None
    taken = uploads.take(name, "grace", "acme", NOW)
    assert taken is not None
    assert taken.content == b"seed"
    assert uploads.take(name, "grace", "acme", NOW) is None


def test_a_file_is_given_up_after_its_time() -> None:
    uploads = Uploads()
    name = uploads.keep(upload("grace"), NOW)
    assert uploads.take(name, "grace", "acme", NOW + 1000) is None


def test_a_session_has_one_file_and_all_sessions_have_few() -> None:
    """WEB-14: what waits is bounded, whoever uploads how often."""
    uploads = Uploads()
    first = uploads.keep(upload("grace"), NOW)
    second = uploads.keep(upload("grace"), NOW)
    assert uploads.take(first, "grace", "acme", NOW) is None
    for number in range(4):
        uploads.keep(upload(f"other{number}"), NOW)
    assert uploads.take(second, "grace", "acme", NOW) is None


def test_no_secret_is_in_what_a_log_could_show() -> None:
    """TOK-10."""
    assert "seed" not in repr(upload("grace"))
