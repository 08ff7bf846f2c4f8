"""What an issuer can neglect: checks it skips, rules it reads too strictly or not at all.

Unlike behaviours these change whom and what it answers, not how. `POST /_sandbox/lax` takes
{"names": […]}, an empty list for none.
"""

from collections.abc import Mapping
from types import MappingProxyType

Laxness = frozenset[str]
NOTHING: Laxness = frozenset()

LAX: Mapping[str, str] = MappingProxyType(
    {
        "oversized": "takes inquiries of any size",
        "other_token": "does not look at typ",
        "incomplete": "does without jti",
        "ambiguous": "takes an identifier and a seal at once",
        "long_life": "takes inquiries that live for hours",
        "expired": "takes inquiries that are over",
        "future": "takes inquiries from the future",
        "stranger": "takes nodes it does not know",
        "signature": "does not verify signatures of nodes it knows",
        "alg_none": "takes alg none",
        "other_body": "does not look at aud",
        "false_via": "does not look at via",
        "replay": "answers an inquiry any number of times",
        "strict_members": "refuses members it does not know",
        "strict_clock": "tolerates no clock that is off",
        "shut_facts": "cannot open sealed facts",
        "tells_after_mismatch": "tells the state though the holder is another",
        "number_suffices": "tells the state by number alone",
        "number_needs_identifier": "finds nothing by number",
        "ignores_at": "answers for now, whatever was asked",
        "codes_refused": "does not know that it can be asked by a code",
        "codes_unknown": "finds nothing by its own codes",
        "codes_guessed": "takes any code for one of its own",
        "exact_spelling": "compares letter by letter",
    }
)
"""Name → what it neglects."""


def read_laxness(names: object) -> Laxness:
    """Raises ValueError for what nobody can neglect."""
    if not isinstance(names, list) or not set(names) <= LAX.keys():
        raise ValueError(f"names is a list of {', '.join(LAX)}")
    return frozenset(names)
