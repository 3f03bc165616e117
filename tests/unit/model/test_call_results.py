"""Results of calls: each has its constant, two of them authenticate (inventory 1.38)."""

from vestibule.model.call_result import LEGACY_CALL_RESULTS, CallResult


def test_every_result_has_a_constant() -> None:
    assert set(LEGACY_CALL_RESULTS) == set(CallResult)
    assert all(result.legacy == LEGACY_CALL_RESULTS[result] for result in CallResult)


def test_two_results_authenticate() -> None:
    authenticated = {result for result in CallResult if result.is_authenticated}
    assert authenticated == {CallResult.APPROVED, CallResult.APPROVED_WITH_PIN}
