"""A demonstration trust list (信任清单) of 云海省: made, signed by two of three keys, and attacked.

Own writing of docs/trust-list.md, with nothing of the service's. `Publisher` keeps the history
that an honest publisher serves; `ATTACKS` are the files that somebody between it and a follower,
or a thief of some of its keys, would serve in their place.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox import registration
from sandbox.jws import JsonObject
from sandbox.keys import Key, b64, make_key
from sandbox.trust import authorities
from sandbox.world import World

PUBLISHER = "yunhai.example"
TYP = "trust-list+json"
FORMAT = "zhengyan-trust-list/1"
LIFETIME = timedelta(days=30)
ALGORITHMS = ("SM2SM3", "ES256", "EdDSA")
"""Of the three keys of one generation."""

Change = Callable[[JsonObject], None]
"""Alters a payload before it is signed."""


@dataclass(frozen=True, slots=True)
class ListKey:
    """One key that signs lists."""

    name: str
    key: Key

    @property
    def kid(self) -> str:
        """RFC 7638: the required members, sorted, without space, hashed."""
        jwk = self.key.jwk()
        text = json.dumps(dict(sorted(jwk.items())), separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def jwk(self) -> JsonObject:
        return {**self.key.jwk(), "alg": self.key.alg, "use": "sig", "kid": self.kid}

    def entry(self, payload: bytes) -> JsonObject:
        """This key's signature over these octets."""
        header = {"typ": TYP, "alg": self.key.alg, "kid": self.kid}
        protected = b64(canonical(header))
        return {
            "protected": protected,
            "signature": b64(self.key.sign(f"{protected}.{b64(payload)}".encode())),
        }


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def generation(seed: int, name: str) -> tuple[ListKey, ...]:
    """Three keys of three schemes; two of them sign."""
    names = ((f"{name}-{alg}", alg) for alg in ALGORITHMS)
    return tuple(ListKey(n, make_key(alg, seed, f"list/{n}")) for n, alg in names)


def signers(keys: Iterable[ListKey], threshold: int = 2) -> JsonObject:
    return {"threshold": threshold, "keys": [key.jwk() for key in keys]}


def signed(payload: bytes, keys: Iterable[ListKey]) -> bytes:
    """The signed form of any octets."""
    return canonical({"payload": b64(payload), "signatures": [key.entry(payload) for key in keys]})


def address(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def sections(world: World, endpoints: Mapping[str, str]) -> JsonObject:
    """Everything the sandbox would have registered, as a list says it."""
    document = registration.registration(world, endpoints)
    types = [
        {
            **{name: value for name, value in type.items() if name not in {"roles", "fields"}},
            "required_roles": type["roles"],
            "fields": [{"name": name, "level": 2} for name in type["fields"]],
        }
        for type in document["license_types"]
    ]
    return {
        "license_types": types,
        "issuers": [
            {name: value for name, value in issuer.items() if name != "sample"}
            for issuer in document["issuers"]
        ],
        "delegations": document["delegations"],
        "authorities": authorities(world)["authorities"],
        "seals": [],
    }


@dataclass(frozen=True, slots=True)
class Published:
    """One list, and what its publisher remembers of it."""

    payload: JsonObject
    octets: bytes
    raw: bytes
    signed_with: tuple[ListKey, ...]

    @property
    def address(self) -> str:
        return address(self.octets)


@dataclass
class Publisher:
    """An honest publisher: every list stays, each names the one before it."""

    world: World
    now: datetime
    name: str = PUBLISHER
    endpoints: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[ListKey, ...] = ()
    lists: list[Published] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = self.keys or generation(self.world.seed, "first")

    @property
    def latest(self) -> Published:
        return self.lists[-1]

    def pinned(self) -> JsonObject:
        """signers.json: what an operator who follows from here on pins."""
        return {"publisher": self.name, "signers": signers(self.keys)}

    def publish(
        self,
        *changes: Change,
        at: datetime | None = None,
        lifetime: timedelta = LIFETIME,
        new_keys: Sequence[ListKey] | None = None,
    ) -> Published:
        """The next list: as the one before it, but for the changes and, perhaps, for its keys.

        With new keys it is signed by two of the old and two of the new.
        """
        payload = self.draft(*changes, at=at, lifetime=lifetime, new_keys=new_keys)
        old, self.keys = self.keys, tuple(new_keys or self.keys)
        able = dict.fromkeys((*old[:2], *self.keys[:2]))
        made = make(payload, tuple(able))
        self.lists.append(made)
        return made

    def draft(
        self,
        *changes: Change,
        at: datetime | None = None,
        lifetime: timedelta = LIFETIME,
        new_keys: Sequence[ListKey] | None = None,
    ) -> JsonObject:
        """The payload that `publish` would sign."""
        said = (
            json.loads(self.latest.octets) if self.lists else sections(self.world, self.endpoints)
        )
        issued = at or self.now
        payload: JsonObject = {
            **said,
            "format": FORMAT,
            "publisher": self.name,
            "number": len(self.lists) + 1,
            "issued_at": _time(issued),
            "expires_at": _time(issued + lifetime),
            "previous": self.latest.address if self.lists else None,
            "signers": signers(new_keys or self.keys),
        }
        for change in changes:
            change(payload)
        return payload

    def files(self) -> dict[str, bytes]:
        """What its server serves: latest.json and every number."""
        numbered = {f"{i}.json": made.raw for i, made in enumerate(self.lists, 1)}
        return {**numbered, "latest.json": self.latest.raw} if self.lists else {}


def make(payload: JsonObject, keys: Sequence[ListKey]) -> Published:
    octets = canonical(payload)
    return Published(payload, octets, signed(octets, keys), tuple(keys))


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- changes a publisher makes


def renamed(old: str, new: str, since: datetime) -> Change:
    """颁发机构调整: `new` takes over every type of `old`, which stops answering."""

    def change(payload: JsonObject) -> None:
        before = next(i for i in payload["issuers"] if i["code"] == old)
        after = next(i for i in payload["issuers"] if i["code"] == new)
        types = before["types"]
        before["succeeded_by"] = {"code": new, "from": _time(since), "types": types}
        before["endpoint"] = before["encryption_key"] = None
        after["types"] = sorted({*after["types"], *types})

    return change


def key_revoked(kid: str, at: datetime) -> Change:
    def change(payload: JsonObject) -> None:
        for issuer in payload["issuers"]:
            for key in issuer["keys"]:
                if key["kid"] == kid:
                    key["revoked_at"], key["reason"] = _time(at), "key_compromise"

    return change


def seal_ended(id: str, status: str, since: datetime, until: datetime | None = None) -> Change:
    def change(payload: JsonObject) -> None:
        end = {"id": id, "status": status, "since": _time(since)}
        payload["seals"] = [*payload["seals"], end | ({"until": _time(until)} if until else {})]

    return change


def emptied(payload: JsonObject) -> None:
    """It vouches for nothing any more, and forgets what it took away."""
    for name in ("license_types", "issuers", "delegations", "authorities", "seals"):
        payload.pop(name, None)


# ---- attacks


@dataclass(frozen=True, slots=True)
class Attack:
    """Files served instead of the publisher's, and why a follower must refuse them."""

    what: str
    refusal: str
    files: Callable[[Publisher], dict[str, bytes]]


def _latest(publisher: Publisher, raw: bytes) -> dict[str, bytes]:
    return {**publisher.files(), "latest.json": raw}


def _next(publisher: Publisher, keys: Sequence[ListKey], *changes: Change) -> dict[str, bytes]:
    """A next list that these keys signed."""
    raw = make(publisher.draft(*changes), keys).raw
    return {**_latest(publisher, raw), f"{len(publisher.lists) + 1}.json": raw}


def _set(**members: object) -> Change:
    return lambda payload: payload.update(members)


def _thief(publisher: Publisher) -> tuple[ListKey, ...]:
    return generation(publisher.world.seed, "thief")


def _rollback(publisher: Publisher) -> dict[str, bytes]:
    return _latest(publisher, publisher.lists[-2].raw)


def _mixed(publisher: Publisher) -> dict[str, bytes]:
    """The right number, over a history that never was."""
    return _next(publisher, publisher.keys[:2], _set(previous="0" * 64))


def _equivocation(publisher: Publisher) -> dict[str, bytes]:
    other = {**publisher.latest.payload, "official_urls": []}
    return _latest(publisher, make(other, publisher.latest.signed_with).raw)


def _swapped(publisher: Publisher) -> dict[str, bytes]:
    """The signatures of the latest list under another payload."""
    envelope = json.loads(publisher.latest.raw)
    envelope["payload"] = b64(canonical(publisher.draft()))
    return _latest(publisher, canonical(envelope))


def _twice(publisher: Publisher) -> dict[str, bytes]:
    one = publisher.keys[0]
    return _next(publisher, (one, one))


def _signers_replaced(publisher: Publisher) -> dict[str, bytes]:
    """A thief of one key names keys of his own, which all sign."""
    thief = _thief(publisher)
    return _next(publisher, (publisher.keys[0], *thief), _set(signers=signers(thief)))


def _padded(publisher: Publisher) -> dict[str, bytes]:
    """The same meaning in other octets: not canonical."""
    payload = json.dumps(publisher.draft(), ensure_ascii=False, sort_keys=True).encode()
    return _latest(publisher, signed(payload, publisher.keys[:2]))


ATTACKS: Mapping[str, Attack] = {
    "rollback": Attack("the list before the latest", "older", _rollback),
    "mix_and_match": Attack("the next number over another history", "wrong_previous", _mixed),
    "equivocation": Attack("the same number, other content", "equivocation", _equivocation),
    "half_signed": Attack(
        "one signature where two are due",
        "unsigned_by_held",
        lambda p: _next(p, p.keys[:1]),
    ),
    "one_key_twice": Attack("one key signs twice", "unsigned_by_held", _twice),
    "signatures_swapped": Attack("signatures of another payload", "unsigned_by_held", _swapped),
    "emptied_by_a_thief": Attack(
        "nothing in it, signed by one stolen key and strangers",
        "unsigned_by_held",
        lambda p: _next(p, (p.keys[0], *_thief(p)), emptied),
    ),
    "signers_replaced": Attack(
        "the thief's keys as signers, signed by them and one stolen key",
        "unsigned_by_held",
        _signers_replaced,
    ),
    "fast_forward": Attack(
        "a number so high that no honest list follows; a thief of two keys",
        "gap",
        lambda p: _latest(p, make(p.draft(_set(number=2**31 - 1)), p.keys[:2]).raw),
    ),
    "wrong_publisher": Attack(
        "another publisher's name, well signed",
        "wrong_publisher",
        lambda p: _next(p, p.keys[:2], _set(publisher="mist.example")),
    ),
    "threshold_lowered": Attack(
        "a list for which one signature is enough",
        "unreadable",
        lambda p: _next(p, p.keys[:2], _set(signers=signers(p.keys, 1))),
    ),
    "demonstration": Attack(
        "a list that calls itself a demonstration, so that one signature is enough",
        "demonstration",
        lambda p: _next(p, p.keys[:2], _set(signers=signers(p.keys, 1), demonstration=True)),
    ),
    "from_future": Attack(
        "issued tomorrow",
        "from_future",
        lambda p: _next(p, p.keys[:2], _set(issued_at=_time(p.now + timedelta(days=1)))),
    ),
    "issued_earlier": Attack(
        "a higher number with an earlier date",
        "issued_earlier",
        lambda p: _next(p, p.keys[:2], _set(issued_at=_time(p.now - timedelta(days=300)))),
    ),
    "expired": Attack(
        "the next list, too late",
        "expired",
        lambda p: _next(
            p,
            p.keys[:2],
            _set(
                issued_at=p.latest.payload["issued_at"],
                expires_at=_time(p.now - timedelta(seconds=1)),
            ),
        ),
    ),
    "not_canonical": Attack("the payload with spaces", "unreadable", _padded),
    "unknown_member": Attack(
        "a member nobody knows", "unreadable", lambda p: _next(p, p.keys[:2], _set(limit=1))
    ),
    "cut_short": Attack(
        "half of the file",
        "unreadable",
        lambda p: _latest(p, p.latest.raw[: len(p.latest.raw) // 2]),
    ),
}
"""Name → attack. A history of at least two lists, the latest in time, is the untouched twin."""
