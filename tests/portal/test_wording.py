"""Numbers read the same wide on every page, however large or small they are."""

import pytest

from apps.portal.wording import number, signed


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.0, 1, "0.0"),
        (0.001, 3, "0.001"),
        (0.00042, 2, "4.20e-4"),
        (-5e-320, 1, "-5.00e-320"),
        (0.00042, 0, "0"),
        (99.96, 1, "100.0"),
        (999_999_999.0, 1, "999\u202f999\u202f999"),
        (1e9, 1, "1.00e9"),
        (-1.7976931348623157e308, 2, "-1.80e308"),
        (10**30, 0, "1.00e30"),
        (float("nan"), 1, "–"),
        (float("inf"), 1, "–"),
        (None, 1, "–"),
    ],
)
def test_number_is_scientific_where_digits_would_say_nothing_or_never_end(
    value: float | None, digits: int, said: str
) -> None:
    assert number(value, digits) == said
    assert len(said) <= 11


def test_difference_that_rounds_to_nothing_has_no_sign() -> None:
    assert (signed(0.00042), signed(-3.0), signed(2e12)) == ("±0.0", "−3.0", "+2.00e12")
