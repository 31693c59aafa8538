"""Guesses sent all at once get no more tries than guesses sent one after another."""

from datetime import datetime

from apps.accounts.throttle import Waiting, count_attempt
from tests.roles import in_parallel


def test_thirty_guesses_at_once_get_five_tries(committed: None, now: datetime) -> None:
    guesses = [lambda n=n: count_attempt("ada@example.test", f"10.0.0.{n % 3}", now) for n in range(15)]

    outcomes = in_parallel("omega_portal", guesses) + in_parallel("omega_portal", guesses)

    assert [type(outcome) for outcome in outcomes].count(Waiting) == 25
    assert outcomes.count(None) == 5
