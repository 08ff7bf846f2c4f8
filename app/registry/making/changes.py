"""Changes to a trust list's sections, as one person proposes them and another reads them. Pure.

A change names an entry as docs/trust-list.md writes it. `add` wants it absent, `change` lays
members over what is there (null takes one out), `end` closes it: by its own end where it has one
(an anchor's `until`, a key's `revoked_at`), by leaving it out where it has none.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.registry.authorities import certificate_of, list_of
from app.registry.lists.content import SECTIONS, Content, read_content
from app.registry.lists.signed import read_signers
from app.registry.reader import Reader, refuse

MAX_CHANGES: Final = 500
"""Of one proposal: what a person can still read."""

Entry = dict[str, Any]
Sections = dict[str, Any]


class Action(StrEnum):
    """What is to happen to an entry."""

    ADD = "add"
    CHANGE = "change"
    END = "end"


class Kind(StrEnum):
    """What of a list can be changed."""

    ANCHOR = "anchor"
    INTERMEDIATE = "intermediate"
    CRL = "crl"
    CRL_LOCATION = "crl_location"
    TYPE = "type"
    ISSUER = "issuer"
    """With succession (颁发机构调整) as its member `succeeded_by`."""
    KEY = "key"
    DELEGATION = "delegation"
    SEAL = "seal"
    OFFICIAL_URL = "official_url"
    SIGNERS = "signers"
    """Who signs the list from then on."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a proposal."""

    action: Action
    kind: Kind
    entry: Mapping[str, Any] = field(repr=False)

    def payload(self) -> Entry:
        return {
            "action": self.action.value,
            "kind": self.kind.value,
            "entry": deepcopy(dict(self.entry)),
        }


Identity = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries of a kind stand, what tells them apart, and how they end."""

    path: tuple[str, ...]
    names: tuple[str, ...]
    ending: str | None = None
    """Member that ends it; None: it is left out."""
    text: str | None = None
    """The list holds plain texts; an entry calls its text so."""


PLACES: Final[Mapping[Kind, Place]] = {
    Kind.ANCHOR: Place(("authorities", "anchors"), ("sha256",), "until"),
    Kind.INTERMEDIATE: Place(("authorities", "intermediates"), ("sha256",), text="certificate"),
    Kind.CRL: Place(("authorities", "crls"), ("sha256",), text="crl"),
    Kind.CRL_LOCATION: Place(("authorities", "crl_locations"), ("authority", "url")),
    Kind.TYPE: Place(("license_types",), ("code",)),
    Kind.ISSUER: Place(("issuers",), ("code",)),
    Kind.DELEGATION: Place(("delegations",), ("from", "to", "types", "kinds"), "revoked_at"),
    Kind.SEAL: Place(("seals",), ("id", "status", "since"), "until"),
    Kind.OFFICIAL_URL: Place(("official_urls",), ("type", "host", "path")),
}
"""Keys stand inside their issuers, signers in the head."""

_KEY: Final = Place((), ("kid",), "revoked_at")


def read_changes(values: Sequence[Reader]) -> tuple[Change, ...]:
    """Changes as a draft or a proposal writes them. Raises `Refused`."""
    return tuple(map(_change, values))


def _change(each: Reader) -> Change:
    each.close(required={"action", "kind", "entry"}, optional=())
    actions = {action.value: action for action in Action}
    kinds = {kind.value: kind for kind in Kind}
    action, kind = actions.get(each.text("action")), kinds.get(each.text("kind"))
    if action is None:
        refuse(each.at("action"), f"is none of {', '.join(actions)}")
    if kind is None:
        refuse(each.at("kind"), f"is none of {', '.join(kinds)}")
    return Change(action, kind, dict(each.inner("entry").members))


# ---- applying


def apply(sections: Mapping[str, Any], changes: Sequence[Change], *, place: str) -> Sections:
    """The sections after the changes; what is handed in stays as it is.

    Args:
        sections: of a payload, and `signers`.
        changes: in order.
        place: whose changes they are, for a refusal.

    Raises:
        Refused: adds what is there, changes or ends what is not, or changes nothing.
    """
    made = deepcopy(dict(sections))
    for index, change in enumerate(changes):
        _apply(made, change, f"{place}[{index}]")
    return made


def read_sections(sections: Mapping[str, Any], *, networks: Sequence[str] = ()) -> Content:
    """As every follower will read them. Raises `Refused`."""
    if "signers" in sections:
        read_signers(sections["signers"], "signers")
    named = {name: value for name, value in sections.items() if name in SECTIONS}
    return read_content(named, networks=networks)


def _apply(sections: Sections, change: Change, place: str) -> None:
    entry = deepcopy(dict(change.entry))
    if change.kind is Kind.SIGNERS:
        _set_signers(sections, change, place)
    elif change.kind is Kind.KEY:
        owner = entry.pop("owner", None)
        issuer = next((i for i in sections.get("issuers", ()) if i.get("code") == owner), None)
        if issuer is None:
            refuse(f"{place}.owner", "is no issuer of this list: add it first")
        _into(issuer.setdefault("keys", []), change.action, _KEY, entry, place)
    else:
        where = PLACES[change.kind]
        if change.kind is Kind.ISSUER and change.action is Action.ADD:
            entry.setdefault("keys", [])
        held = sections
        for name in where.path[:-1]:
            held = held.setdefault(name, {})
        _into(held.setdefault(where.path[-1], []), change.action, where, entry, place)


def _set_signers(sections: Sections, change: Change, place: str) -> None:
    if change.action is not Action.CHANGE:
        refuse(f"{place}.action", "is change for signers: there always are some")
    if sections.get("signers") == change.entry:
        refuse(place, "changes nothing")
    sections["signers"] = dict(change.entry)


def _into(held: list[Any], action: Action, where: Place, entry: Entry, place: str) -> None:
    own = identity(where, entry, place)
    index = next((i for i, value in enumerate(held) if _held_identity(where, value) == own), None)
    if action is Action.ADD:
        if index is not None:
            refuse(place, "is in the list already: change it")
        held.append(entry[where.text] if where.text else entry)
        return
    if index is None:
        refuse(place, "is not in the list: add it")
    if action is Action.END and where.ending is None:
        del held[index]
        return
    if action is Action.END and entry.get(where.ending or "") is None:
        refuse(f"{place}.{where.ending}", "is missing: say from when")
    if where.text:
        refuse(place, "is what it is: add or end it")
    before = held[index]
    said = {name: value for name, value in entry.items() if name not in {"sha256", *where.names}}
    after = {name: value for name, value in {**before, **said}.items() if value is not None}
    if after == {name: value for name, value in before.items() if value is not None}:
        refuse(place, "changes nothing")
    held[index] = after


def identity(where: Place, entry: Mapping[str, Any], place: str) -> Identity:
    """What makes it this entry and no other. Raises `Refused` where that is not said."""
    found: list[object] = []
    for name in where.names:
        value = fingerprint(entry) if name == "sha256" else entry.get(name)
        if value is None and not (name == "type" and "host" in where.names):
            refuse(f"{place}.{name}", "is missing: which one is meant?")
        found.append(tuple(sorted(map(str, value))) if isinstance(value, list) else value)
    return tuple(found)


def _held_identity(where: Place, value: object) -> Identity:
    entry = {where.text: value} if where.text else value
    return identity(where, entry if isinstance(entry, dict) else {}, "list")


def fingerprint(entry: Mapping[str, Any]) -> str | None:
    """SHA-256 of the certificate or revocation list in an entry, or as it is named."""
    text = entry.get("certificate") or entry.get("crl")
    if isinstance(text, str):
        try:
            return hashlib.sha256(base64.b64decode(text, validate=True)).hexdigest()
        except ValueError:
            return None
    named = entry.get("sha256")
    return named if isinstance(named, str) else None


def present(sections: Mapping[str, Any], change: Change) -> bool:
    """Whether the list holds the entry already, in whatever state."""
    return _old(change, sections) is not None


# ---- in words


def words(change: Change, before: Mapping[str, Any]) -> list[str]:
    """The change for a person who has to approve it: what, which, and every member that differs.

    Args:
        change: one of a proposal.
        before: the sections it will be laid over.
    """
    verb = {Action.ADD: "+ add 新增", Action.CHANGE: "~ change 变更", Action.END: "- end 终止"}
    lines = [f"{verb[change.action]} {change.kind.value}: {_title(change)}"]
    found = _old(change, before)
    old = found if isinstance(found, dict) else {}
    for name, value in sorted(change.entry.items()):
        if name in {"certificate", "crl"}:
            lines += [f"    {line}" for line in _der_words(name, str(value))]
        elif change.action is Action.ADD or old.get(name) != value:
            was = f" (was 原为 {_plain(old[name])})" if name in old else ""
            lines.append(f"    {name}: {_plain(value)}{was}")
    return lines


def _title(change: Change) -> str:
    entry = change.entry
    name = entry.get("title") or entry.get("name")
    zh = name.get("zh") if isinstance(name, dict) else None
    parts = [entry.get(key) for key in ("code", "owner", "kid", "from", "to", "id", "host")]
    shown = [str(part) for part in (zh, *parts) if part]
    return " ".join(shown) or (fingerprint(entry) or change.kind.value)


def _old(change: Change, before: Mapping[str, Any]) -> object:
    """What the list holds in its place; None: nothing."""
    if change.kind is Kind.SIGNERS:
        return before.get("signers")
    where = _KEY if change.kind is Kind.KEY else PLACES[change.kind]
    held: Any = before
    if change.kind is Kind.KEY:
        owner = change.entry.get("owner")
        issuers = before.get("issuers", ())
        held = next((i.get("keys", []) for i in issuers if i.get("code") == owner), [])
    for name in where.path:
        held = held.get(name, {})
    own = identity(where, change.entry, "entry")
    return next((value for value in held or () if _held_identity(where, value) == own), None)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_plain(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return {None: "–", True: "yes 是", False: "no 否"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]


def _der_words(name: str, text: str) -> list[str]:
    data = base64.b64decode(text)
    if name == "crl":
        crl = list_of("crl", data)
        until = f"{crl.next_update:%Y-%m-%d}" if crl.next_update else "–"
        return [
            f"crl: sha256 {crl.sha256}",
            f"     {crl.this_update:%Y-%m-%d} … {until}, revoked 条目 {len(crl.entries)}",
        ]
    certificate = certificate_of("certificate", data)
    return [
        f"certificate names itself 自称: {dn(certificate.subject)}",
        f"     sha256 {certificate.sha256}",
        f"     sm3    {certificate.sm3}",
        f"     {certificate.not_before:%Y-%m-%d} … {certificate.not_after:%Y-%m-%d}",
    ]


ATTRIBUTES: Final[Mapping[str, str]] = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}


def dn(attributes: Sequence[Any]) -> str:
    """A distinguished name for people; nothing is ever decided by it."""
    return ", ".join(f"{ATTRIBUTES.get(a.type, a.type)}={a.text}" for a in attributes) or "–"
