"""Verdicts that are remembered: the same words are judged once, unless they are long. Bounded in number and bytes."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, ParamSpec, TypeVar

# Senders choose these words: many long ones, kept, would be a gift of memory to whoever sends them.
LONGEST_KEPT: Final = 2000
Words = ParamSpec("Words")
Verdict = TypeVar("Verdict")


def remembered(most: int, size: Callable[Words, int]) -> Callable[[Callable[Words, Verdict]], Callable[Words, Verdict]]:
    """Remember the last `most` results of a pure function for arguments that are 2,000 bytes or characters at most."""

    def decorate(judge: Callable[Words, Verdict]) -> Callable[Words, Verdict]:
        kept = lru_cache(maxsize=most)(judge)

        @wraps(judge)
        def judged(*args: Words.args, **kwargs: Words.kwargs) -> Verdict:
            if size(*args, **kwargs) > LONGEST_KEPT:
                return judge(*args, **kwargs)
            return kept(*args, **kwargs)  # type: ignore[arg-type]

        return judged

    return decorate
