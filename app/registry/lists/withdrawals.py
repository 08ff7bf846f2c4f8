"""What a publisher has taken away, over all its lists: it stays taken away.

A list replaces the one before it, whole; an entry that is left out is not trusted. Left out must
not mean given back, though, where the entry took something away: a revocation, an end, a freeze.
So these accumulate. A later list may put a date right; only a thaw (`until`) ends a freeze.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.domain.errors import Malformed
from app.domain.seal import comparable
from app.domain.trust import SealEnd
from app.registry.entries import DelegationEntry, KeyEntry
from app.registry.lists.content import Content

Name = TypeVar("Name")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawals:
    """By name of the thing, since when."""

    keys: Mapping[str, datetime] = field(default_factory=dict)
    """SHA-256 of the key's SubjectPublicKeyInfo, hexadecimal → revoked at."""
    mandates: Mapping[str, datetime] = field(default_factory=dict)
    """`mandate_name` → withdrawn at."""
    anchors: Mapping[str, datetime] = field(default_factory=dict)
    """Fingerprint → until."""
    seals: Mapping[str, tuple[SealEnd, ...]] = field(default_factory=dict)
    """Name of a seal (`app.domain.seal.comparable`) → freezes and cancellations, by their begin."""


NONE: Final = Withdrawals()


def key_name(key: KeyEntry) -> str:
    """What the octets are, whoever calls them what."""
    return hashlib.sha256(key.spki).hexdigest()


def mandate_name(entry: DelegationEntry) -> str:
    return f"{entry.issuer}/{entry.type}/{entry.delegate}/{entry.kind}"


def withdrawals_of(content: Content) -> Withdrawals:
    """What one list takes away."""
    seals: dict[str, list[SealEnd]] = {}
    for id, end in content.seals:
        seals.setdefault(comparable(id) or id, []).append(end)
    registration = content.registration
    return Withdrawals(
        keys={key_name(k): k.revoked_at for k in registration.keys if k.revoked_at},
        mandates={mandate_name(d): d.revoked_at for d in registration.delegations if d.revoked_at},
        anchors={a.fingerprint: a.until for a in content.authorities.anchors if a.until},
        seals={id: _in_order(ends) for id, ends in seals.items()},
    )


def together(before: Withdrawals, now: Withdrawals) -> Withdrawals:
    """What stands after a further list of the same publisher."""
    return Withdrawals(
        keys={**before.keys, **now.keys},
        mandates={**before.mandates, **now.mandates},
        anchors={**before.anchors, **now.anchors},
        seals={
            id: _later(before.seals.get(id, ()), now.seals.get(id, ()))
            for id in {**before.seals, **now.seals}
        },
    )


def earliest(name: str, *held: Mapping[str, datetime]) -> datetime | None:
    """Of several publishers, the one that took it away first."""
    return min((each[name] for each in held if name in each), default=None)


def _later(old: Iterable[SealEnd], new: Iterable[SealEnd]) -> tuple[SealEnd, ...]:
    """A later word on the same freeze (same begin) stands for the earlier; a thaw is not undone."""
    found = {(end.status, end.since): end for end in old}
    for end in new:
        before = found.get((end.status, end.since))
        if before is None or end.until is not None:
            found[end.status, end.since] = end
    return _in_order(found.values())


def _in_order(ends: Iterable[SealEnd]) -> tuple[SealEnd, ...]:
    return tuple(sorted(ends, key=lambda end: (end.since, end.status)))


_ADAPTER: Final = TypeAdapter[Withdrawals | None](
    Withdrawals | None, config=ConfigDict(extra="forbid")
)


def dump(withdrawals: Withdrawals) -> dict[str, Any]:
    """JSON values."""
    found: dict[str, Any] = _ADAPTER.dump_python(withdrawals, mode="json")
    return found


def load(value: object) -> Withdrawals:
    """Raises `Malformed` for anything but dumped withdrawals."""
    try:
        return _compared(_ADAPTER.validate_python(value) or NONE)
    except ValidationError as exc:
        raise _malformed(exc) from None


def load_json(text: str) -> Withdrawals:
    """As `load`, from JSON text."""
    try:
        return _compared(_ADAPTER.validate_json(text) or NONE)
    except ValidationError as exc:
        raise _malformed(exc) from None


def _compared(found: Withdrawals) -> Withdrawals:
    """Seals by the spelling they are compared in, however they were once stored."""
    seals: dict[str, tuple[SealEnd, ...]] = {}
    for id, ends in found.seals.items():
        name = comparable(id) or id
        seals[name] = _later(seals.get(name, ()), ends)
    return replace(found, seals=seals)


def _malformed(exc: ValidationError) -> Malformed:
    first = exc.errors(include_input=False, include_url=False)[0]
    return Malformed(f"stored withdrawals: {first['type']}")
