"""Statements: one text, the forms that the engines take."""

from __future__ import annotations

import pytest

from vestibule.stores.queries import attempts, housekeeping, subjects
from vestibule.stores.rows import VERIFICATION
from vestibule.stores.statement import Statement, insert, select


def test_parameters_are_numbered_in_the_order_of_their_first_use() -> None:
    statement = Statement("select a from t where b = :b and c = :c and d > :b")
    assert statement.parameters == ("b", "c")
    assert statement.sqlite == "select a from t where b = ?1 and c = ?2 and d > ?1"
    assert statement.postgres == "select a from t where b = $1 and c = $2 and d > $1"
    assert statement(c=2, b=1) == (statement, (1, 2))


def test_what_only_one_engine_knows_is_translated() -> None:
    statement = Statement(
        "select a from t where b = any(:names) and c < :now::bigint limit 1 for update skip locked"
    )
    assert statement.sqlite == (
        "select a from t where b in (select value from json_each(?1)) and c < ?2 limit 1"
    )
    assert statement.postgres == (
        "select a from t where b = any($1) and c < $2::bigint limit 1 for update skip locked"
    )


def test_more_than_nine_parameters_keep_their_numbers() -> None:
    names = [f"p{chr(97 + n)}" for n in range(12)]
    text = " and ".join(f"{name} = :{name}::bigint" for name in names)
    statement = Statement(f"select a from t where {text}")
    assert "pl = $12::bigint" in statement.postgres
    assert "pj = $10::bigint" in statement.postgres


def test_a_select_for_many_is_joined_with_what_they_ask() -> None:
    statement = Statement("select a from t where b = :b and c > :c::bigint", joins=True)
    assert statement.as_set == (
        "select asked.a3, found.* from unnest($1::text[], $2::bigint[], $3::integer[]) as asked(a1, a2, a3)"
        " cross join lateral (select a from t where b = asked.a1 and c > asked.a2) found"
    )
    assert statement.one_by_one == "select cast($3 as integer), a from t where b = $1 and c > $2::bigint"


def test_an_update_for_many_tells_whose_row_it_changed() -> None:
    statement = Statement("update t set a = :a where b = :b returning a", joins=True, key=("b",))
    assert statement.as_set == (
        "update t set a = asked.a1 from unnest($1::text[], $2::text[], $3::integer[]) as asked(a1, a2, a3)"
        " where b = asked.a2 returning asked.a3, a"
    )
    assert statement.one_by_one == "update t set a = $1 where b = $2 returning cast($3 as integer), a"
    assert statement.key == (1,)


def test_an_insert_for_many_tells_which_rows_it_added() -> None:
    text = insert("t", ("a", "b"), {"b": "bigint"}) + " on conflict (a) do nothing"
    statement = Statement(text, joins=True, key=("b",), identity="a")
    assert statement.as_set == (
        "insert into t (a, b) select asked.a1, asked.a2"
        " from unnest($1::text[], $2::bigint[], $3::integer[]) as asked(a1, a2, a3)"
        " on conflict (a) do nothing returning a"
    )
    assert statement.identity == 0
    assert statement.sqlite == "insert into t (a, b) values (?1, ?2) on conflict (a) do nothing"


@pytest.mark.parametrize(
    "statement",
    [
        Statement("update t set a = :a where b = :b", joins=True),
        Statement("insert into t (a, b) values (:a, :b) on conflict do nothing", joins=True, key=("a",)),
        Statement("delete from t where a = :a", joins=True, key=("a",)),
    ],
)
def test_what_has_no_form_for_many_runs_one_by_one(statement: Statement) -> None:
    assert statement.as_set == ""
    assert statement.one_by_one.endswith(f" returning cast(${len(statement.parameters) + 1} as integer)")


def test_a_statement_that_does_not_join_has_neither_form() -> None:
    statement = Statement("select a from t where b = :b")
    assert (statement.joins, statement.as_set, statement.one_by_one) == (False, "", "")


def test_writing_is_what_is_not_selecting() -> None:
    assert not Statement("select 1").writes
    assert Statement("with a as materialized (select 1) delete from t").writes


def test_an_insert_names_its_table_and_columns() -> None:
    statement = Statement(insert("t", ("a", "b")))
    assert statement.sqlite == "insert into t (a, b) values (?1, ?2)"
    assert (statement.table, statement.parameters) == ("t", ("a", "b"))
    assert select(("a", "b"), "t") == "t.a, t.b"
    assert select(("a", "b")) == "a, b"


def test_missing_and_surplus_parameters_are_mistakes() -> None:
    statement = Statement("select a from t where b = :b")
    with pytest.raises(TypeError):
        statement()
    with pytest.raises(TypeError):
        statement(b=1, c=2)
    with pytest.raises(KeyError):
        statement(c=2)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "é\udfff"])
def test_a_text_that_no_database_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NUL or a lone surrogate"):
        Statement("select a from t where b = :b")(b=text)


def test_statements_run_in_the_order_of_a_sign_in() -> None:
    """The group answers the earliest statement first, so that bodies fall into step."""
    order = [
        subjects.SUBJECT_BY_NAME,
        subjects.SETTLE_ATTEMPT,
        subjects.ADVANCE_AUTHENTICATOR,
        subjects.SPEND_ON_CLEAN_RECORD,
        attempts.ADD_VERIFICATION,
        attempts.HOLD_USER,
        attempts.ADD_CHALLENGE,
        housekeeping.NOTE,
    ]
    assert [each.turn for each in order] == sorted(each.turn for each in order)


def test_values_that_are_bound_by_place_are_in_the_places_of_the_statement() -> None:
    """`of` does not look at names; these are the statements that it is used with."""
    assert subjects.SUBJECT_BY_NAME.parameters == ("tenant_id", "name")
    assert subjects.SUBJECT.parameters == ("tenant_id", "user_id")
    assert subjects.SPEND_ON_CLEAN_RECORD.parameters == (*subjects.ADVANCE_AUTHENTICATOR.parameters, "source")
    assert subjects.SETTLE_ATTEMPT.parameters == (
        "tenant_id",
        "user_id",
        "factor",
        "first_failures",
        "first_locked_until",
        "now",
        "is_match",
        "hard_stop",
        "forgotten",
        "threshold",
        "lock_until",
    )
    assert subjects.ADVANCE_AUTHENTICATOR.parameters == (
        "state",
        "used_at",
        "tenant_id",
        "authenticator_id",
        "version",
        "user_id",
    )
    assert attempts.ADD_VERIFICATION.parameters == VERIFICATION
    assert housekeeping.EXPIRE_CHALLENGES.parameters == ("state", "tenant_id", "verification_id")
