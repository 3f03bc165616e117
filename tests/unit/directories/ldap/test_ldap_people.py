"""People to LDAP and back, without a directory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap.people import (
    directory_entry,
    outcome_of_change,
    reference_bytes,
    reference_text,
    search_by_names,
    search_by_reference,
    verdict_of_bind,
)
from vestibule.directories.ldap.settings import LdapSettings, from_mapping
from vestibule.directories.ldap.trouble import Trouble
from vestibule.interfaces.directory import PasswordChangeKind, PasswordVerdictKind
from vestibule.wire.ldap.filters import describe
from vestibule.wire.ldap.messages import Attribute, Result, SearchResultEntry
from vestibule.wire.ldap.password_policy import PasswordPolicy, PolicyError

SILENT = PasswordPolicy()


def _settings(**changes: Any) -> LdapSettings:
    return from_mapping({"urls": ["ldaps://a"], "base_dn": "dc=x"} | changes, Secret(""))


def test_the_search_asks_for_one_person_in_several_attributes() -> None:
    request = search_by_names(_settings(), ("alice", "Alice", "alice"), ("entryUUID",))
    assert describe(request.filter) == (
        "(&(objectClass=person)(|(uid=alice)(uid=Alice)(mail=alice)(mail=Alice)))"
    )
    assert (request.base, request.size_limit, request.time_limit_seconds) == ("dc=x", 2, 5)


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_no_name_changes_the_shape_of_the_filter(name: str) -> None:
    """LD-10: as many parentheses as for a plain name, whatever the name."""
    described = describe(search_by_names(_settings(), (name,), ()).filter)
    assert (described.count("("), described.count(")"), described.count("*")) == (5, 5, 0)


@given(st.sampled_from(("entryUUID", "objectGUID", "nsUniqueId")), st.binary(min_size=1, max_size=20))
def test_a_reference_comes_back(attribute: str, value: bytes) -> None:
    assert reference_bytes(attribute, reference_text(attribute, value)) == value


def test_a_guid_is_written_as_people_write_it() -> None:
    """Active Directory stores the first three groups with the low byte first (MS-DTYP §2.3.4)."""
    value = bytes.fromhex("33221100554477668899aabbccddeeff")
    assert reference_text("objectGUID", value) == "00112233-4455-6677-8899-aabbccddeeff"
    request = search_by_reference(
        _settings(reference_attribute="objectGUID"), reference_text("objectGUID", value), ()
    )
    assert '(objectGUID=3"\\11\\00UDwf' in describe(request.filter)


def test_an_entry_becomes_a_person() -> None:
    entry = SearchResultEntry(
        "uid=a,dc=x",
        (
            Attribute("ENTRYUUID", (b"1-2-3",)),
            Attribute("uid", (b"alice",)),
            Attribute("sn", ("Müller".encode(), b"Second")),
            Attribute("mail", (b"\xff@x",)),
        ),
    )
    found = directory_entry(_settings(), entry)
    assert found is not None
    assert (found.reference, found.username, found.family_name) == ("1-2-3", "alice", "Müller")
    assert (found.given_name, found.phone, found.email) == ("", "", "\ufffd@x")
    assert directory_entry(_settings(reference_attribute="nsUniqueId"), entry) is None


@pytest.mark.parametrize("code", range(130))
def test_only_success_is_a_match(code: int) -> None:
    diagnostic = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 0, v1db1"
    verdict = verdict_of_bind(Result(code, "", diagnostic), SILENT, "r")
    expected = {0: PasswordVerdictKind.MATCH, 49: PasswordVerdictKind.MISMATCH}
    assert verdict.kind is expected.get(code, PasswordVerdictKind.UNAVAILABLE)


def test_a_subcode_counts_only_in_its_place() -> None:
    """A server may quote what it was sent; only Active Directory's own sentence is believed."""
    assert verdict_of_bind(Result(49, "", "data 533"), SILENT, "").kind is PasswordVerdictKind.MISMATCH


@pytest.mark.parametrize(
    ("code", "diagnostic", "kind"),
    [
        (19, "00000056: AtrErr: DSID-03190F80, #1:", PasswordChangeKind.OLD_WRONG),
        (19, "0000052D: AtrErr: DSID-03191083, #1:", PasswordChangeKind.TOO_WEAK),
        (53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM)", PasswordChangeKind.TOO_WEAK),
        (53, "0000001F: SvcErr: DSID-031A12D2, problem 5003", PasswordChangeKind.UNAVAILABLE),
        (50, "00000005: SecErr: DSID-03152870, problem 4003", PasswordChangeKind.UNAVAILABLE),
    ],
)
def test_the_words_of_windows_for_a_change(code: int, diagnostic: str, kind: PasswordChangeKind) -> None:
    """Those of Windows itself; Samba's are tried in tests/integration/ldap/test_samba_passwords.py."""
    assert outcome_of_change(Result(code, "", diagnostic), SILENT).kind is kind


def test_every_detail_is_a_text_in_the_catalog() -> None:
    codes = ("52e", "530", "531", "532", "533", "701", "773", "775")
    sentence = "AcceptSecurityContext error, data {}, v1"
    results = [Result(49, "", sentence.format(code)) for code in codes]
    details = [verdict_of_bind(result, SILENT, "").detail for result in results]
    details.append(verdict_of_bind(Result(0), PasswordPolicy(grace_left=0), "").detail)
    details += [f"ldap.trouble.{trouble}" for trouble in Trouble]
    details += ["ldap.verdict.no_such_person", "ldap.verdict.not_a_password"]
    results = [Result(19), Result(50), Result(80)]
    details += [outcome_of_change(result, SILENT).detail for result in results]
    details += [outcome_of_change(Result(19), PasswordPolicy(error)).detail for error in PolicyError]
    assert [detail for detail in details if not catalog.has(detail)] == []
    assert set(details) == set(catalog.keys("ldap."))
