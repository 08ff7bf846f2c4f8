"""A signature value recomputed, and whatever came of it as a fact."""

from collections.abc import Callable

from app.crypto.ses.verify import VerifiedValue
from app.crypto.weak import WeakAlgorithm
from app.domain.errors import BeyondLimits, InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.facts import Value
from app.domain.sealed import Arithmetic

VALUES = {
    Arithmetic.HOLDS: Value.HOLDS,
    Arithmetic.FAILS: Value.FAILS,
    Arithmetic.WEAK: Value.WEAK,
    Arithmetic.UNREADABLE: Value.UNREADABLE,
    Arithmetic.UNSUPPORTED: Value.UNSUPPORTED,
}


def arithmetic(
    verify: Callable[[], VerifiedValue],
) -> tuple[Arithmetic, str, VerifiedValue | None]:
    """(what was found, why not, the verified value)."""
    try:
        return Arithmetic.HOLDS, "", verify()
    except WeakAlgorithm as exc:
        return Arithmetic.WEAK, str(exc), None
    except UnknownAlgorithm as exc:
        return Arithmetic.UNSUPPORTED, str(exc), None
    except InvalidSignature as exc:
        return Arithmetic.FAILS, str(exc), None
    except BeyondLimits as exc:
        return Arithmetic.UNSUPPORTED, str(exc), None
    except Malformed as exc:
        return Arithmetic.UNREADABLE, str(exc), None
