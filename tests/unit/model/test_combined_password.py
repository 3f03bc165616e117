"""Password and passcode in one field."""

import pytest

from vestibule.crypto.secret import Secret
from vestibule.model.combined_password import PasswordAndPasscode, Unsplittable, split


@pytest.mark.parametrize(
    ("field", "length", "password", "passcode"),
    [
        ("secret123456", 6, "secret", "123456"),
        ("Winter2024123456", 6, "Winter2024", "123456"),
        ("123456123456", 6, "123456", "123456"),
        ("a00000001", 8, "a", "00000001"),
        ("1123456", 6, "1", "123456"),
        (" 000000", 6, " ", "000000"),
        ("pässwörd 🔐999999", 6, "pässwörd 🔐", "999999"),
        ("push123456", 6, "push", "123456"),
    ],
)
def test_last_characters_are_the_passcode(field: str, length: int, password: str, passcode: str) -> None:
    """OTP-20, RA-26: split by length alone; a password that ends in digits or is a keyword is one like any
    other.
    """
    parts = split(Secret(field), length)
    assert isinstance(parts, PasswordAndPasscode)
    assert (parts.password.reveal(), parts.passcode.reveal()) == (password, passcode)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ("123456", Unsplittable.NO_PASSWORD),
        ("", Unsplittable.NO_PASSCODE),
        ("12345", Unsplittable.NO_PASSCODE),
        ("secret", Unsplittable.NO_PASSCODE),
        ("secret12345", Unsplittable.NO_PASSCODE),
        ("secret12345x", Unsplittable.NO_PASSCODE),
        ("secret12345 ", Unsplittable.NO_PASSCODE),
        ("secret123456 ", Unsplittable.NO_PASSCODE),
        ("secret 12345", Unsplittable.NO_PASSCODE),
        ("secret+12345", Unsplittable.NO_PASSCODE),
        ("secret１２３４５６", Unsplittable.NO_PASSCODE),
        ("secret١٢٣٤٥٦", Unsplittable.NO_PASSCODE),
        ("secret12345²", Unsplittable.NO_PASSCODE),
        ("secret123456\n", Unsplittable.NO_PASSCODE),
    ],
)
def test_what_does_not_fit_is_not_guessed(field: str, why: Unsplittable) -> None:
    """OTP-06, OTP-20: no part may be empty, and a passcode is ASCII digits."""
    assert split(Secret(field), 6) is why
