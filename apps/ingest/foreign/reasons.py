"""Why items were not taken, in one line a person reads in a collector's log. Pure."""

from collections import Counter
from collections.abc import Sequence

from apps.ingest.faults import Rejection

MOST_CODES = 8


def reasons(rejected: Sequence[Rejection]) -> str:
    """Return how many items were refused for what, most frequent first, each code with its first explanation."""
    counts = Counter(one.code for one in rejected)
    words: dict[str, str] = {}
    for one in rejected:
        words.setdefault(one.code, one.detail)
    return "; ".join(f"{count} x {code} ({words[code]})" for code, count in counts.most_common(MOST_CODES))
