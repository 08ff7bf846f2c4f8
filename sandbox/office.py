"""An issuer at work: looks a license up, compares what it is asked to, and says what it knows."""

import hashlib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sandbox.bodies import Body, moment
from sandbox.inquiry import Inquiry, Refusal
from sandbox.jwe import open_facts
from sandbox.jws import JsonObject
from sandbox.keys import EcKey, b64, make_key
from sandbox.laxness import NOTHING
from sandbox.licenses import Event, License, Outcome, State, Status, status_at
from sandbox.seal_register import KEEPER, registered_seals
from sandbox.sm2 import sm3
from sandbox.tokens import as_text, seconds
from sandbox.world import World

DOTS = dict.fromkeys(map(ord, "\u00b7\u2022\u30fb\uff0e\u2027\uff65"), "\u00b7")
"""Middle dots that clerks type for one another; all are folded to U+00B7, before NFKC, which
would make a full stop of U+FF0E."""
CODES = frozenset({"number", "type", "holder_code", "identifier"})
"""Facts compared in upper case."""
HOLDER = frozenset({"holder", "holder_code"})


@dataclass(frozen=True, slots=True)
class Findings:
    """What the office found out about one inquiry, before anything is written or signed."""

    outcome: Outcome
    document: str
    facts: dict[str, str]
    license: License | None = None
    status: Status | None = None
    since: date | None = None
    """Of a seal: from which day it is as it is."""


class Office:
    """The books of one body, with what was changed in them while it runs."""

    def __init__(self, world: World, body: Body) -> None:
        self.world = world
        self.body = body
        self.lax = NOTHING
        self._files: defaultdict[str, set[str]] = defaultdict(set)
        self._issued: dict[str, frozenset[str]] = {}
        self._events: defaultdict[str, tuple[Event, ...]] = defaultdict(tuple)
        self._taken_over = frozenset[tuple[str, str]]()

    @property
    def speaks_for(self) -> frozenset[tuple[str, str]]:
        """(issuer, type) pairs it may answer about: its own, delegated to it, or taken over."""
        own = {(self.body.code, type) for type in self.body.types}
        given = {
            (d.issuer, type)
            for d in self.world.delegations
            if d.delegate == self.body.code and "answer" in d.kinds
            for type in d.types
        }
        return frozenset(own | given) | self._taken_over

    def take_over(self, old: Body) -> None:
        """颁发机构调整: the licenses of another body are its own from now on."""
        self._taken_over |= {(old.code, type) for type in old.types}

    @property
    def audience(self) -> frozenset[str]:
        return frozenset({self.body.code, *(issuer for issuer, _ in self.speaks_for)})

    @property
    def encryption_key(self) -> EcKey:
        """For holder facts inside JWE."""
        key = make_key("ES256", self.world.seed, f"{self.body.name}-facts")
        if not isinstance(key, EcKey):
            raise TypeError("P-256 is needed")
        return key

    def register_document(self, identifier: str, content: bytes) -> None:
        """One more file issued for this license, e.g. an OFD file."""
        self._files[identifier].update(digests(content))

    def set_state(
        self, identifier: str, state: State, since: date, successor: str | None = None
    ) -> None:
        """What happens to a license from that day on; the latest call prevails."""
        event = Event(state, since, successor=successor)
        self._events[identifier] = (*self._events[identifier], event)

    def look_up(self, inquiry: Inquiry) -> License | None:
        asked = inquiry.payload
        license = self._named(asked)
        if "number" in asked and "number_needs_identifier" in self.lax:
            return None
        if license is None or (license.issuer, license.type) not in self.speaks_for:
            return None
        return license

    def _named(self, asked: JsonObject) -> License | None:
        if "identifier" in asked:
            return self.world.by_identifier.get(asked["identifier"].upper())
        if "code" in asked:
            return self._coded(asked["code"])
        number = str(asked["number"])
        if "exact_spelling" not in self.lax:
            number = normal("number", number)
        return self.world.find(number, asked["type"].upper())

    def _coded(self, code: str) -> License | None:
        if "codes_refused" in self.lax:
            raise Refusal(400, "members_malformed")
        if "codes_unknown" in self.lax:
            return None
        found = self.world.by_code.get(code)
        if found is None and "codes_guessed" in self.lax:
            return self.world.pick(self.body.name)
        return found

    def consider(self, inquiry: Inquiry, now: datetime) -> Findings:
        """The honest answer: GB/T 36906 codes, in the order docs/ivp.md gives them meaning."""
        if inquiry.seal is not None:
            return self._of_seal(inquiry.seal, inquiry.at or now)
        facts = self._facts_of(inquiry)
        license = self.look_up(inquiry)
        if license is None:
            unknown = dict.fromkeys(inquiry.compare, "unknown")
            return Findings(Outcome.NO_RECORD, "unknown", unknown)
        document = self._document(inquiry, license)
        exact = "exact_spelling" in self.lax
        compared = {
            name: compare(name, facts.get(name), license, exact=exact) for name in inquiry.compare
        }
        at = now if "ignores_at" in self.lax else inquiry.at or now
        status = status_at(license, at, self._events[license.id])
        if document == "differs" or "mismatch" in compared.values():
            told = status if "tells_after_mismatch" in self.lax else None
            return Findings(Outcome.DIFFERS, document, compared, license, told)
        known = any(compared.get(n) == "match" for n in HOLDER) or "number_suffices" in self.lax
        if inquiry.identifier is None and inquiry.code is None and not known:
            # A number alone is a guess: nothing is told without the holder.
            return Findings(Outcome.INSUFFICIENT, document, compared)
        return Findings(status.outcome, document, compared, license, status)

    def _of_seal(self, seal: str, at: datetime) -> Findings:
        """Of a seal (docs/ivp.md, `seal`): who keeps no register of seals cannot tell."""
        if self.body.name != KEEPER:
            return Findings(Outcome.INSUFFICIENT, "unknown", {})
        known = registered_seals(self.world).get(seal)
        if known is None:
            return Findings(Outcome.NO_RECORD, "unknown", {})
        if known.since is not None and at < moment(known.since, 0):
            return Findings(Outcome.IN_FORCE, "unknown", {})
        return Findings(known.outcome, "unknown", {}, since=known.since)

    def _facts_of(self, inquiry: Inquiry) -> JsonObject:
        sealed = inquiry.payload.get("facts_jwe")
        if sealed is None:
            return dict(inquiry.payload.get("facts", {}))
        try:
            return open_facts(str(sealed), self.encryption_key)
        except (ValueError, TypeError, AttributeError) as exc:  # a header of other shapes
            raise Refusal(400, "facts_do_not_open") from exc

    def _document(self, inquiry: Inquiry, license: License) -> str:
        """Match, differs, or unknown where nothing was shown or the index is not complete."""
        shown = {
            f"{item.get('alg')}:{item.get('value')}"
            for item in inquiry.payload.get("documents", [])
            if isinstance(item, dict)
        }
        if not shown:
            return "unknown"
        if shown & self._known(license):
            return "match"
        return "differs" if self.body.complete_index else "unknown"

    def _known(self, license: License) -> frozenset[str]:
        if license.id not in self._issued:
            issued = (digests(content) for content in self.world.files_of(license))
            self._issued[license.id] = frozenset().union(*issued)
        return self._issued[license.id] | self._files[license.id]


def digests(content: bytes) -> frozenset[str]:
    """Of one file, in the two ways docs/ivp.md knows."""
    return frozenset(
        {f"sm3:{b64(sm3(content))}", f"sha256:{b64(hashlib.sha256(content).digest())}"}
    )


def compare(name: str, given: object, license: License, *, exact: bool = False) -> str:
    """Match, mismatch, or unknown for a fact that was not sent or has no meaning here."""
    ours: dict[str, str] = {
        "number": license.number,
        "type": license.type,
        "identifier": license.id,
        "holder": license.holder.name,
        "holder_code": license.holder.code,
    }
    if name == "dates":
        return _compare_dates(given, license)
    if name not in ours or not isinstance(given, str) or not given:
        return "unknown"
    if exact:
        return "match" if given == ours[name] else "mismatch"
    return "match" if normal(name, given) == normal(name, ours[name]) else "mismatch"


def normal(name: str, text: str) -> str:
    """NFKC (full width to half width), no spaces, one middle dot; codes in upper case."""
    folded = unicodedata.normalize("NFKC", text.translate(DOTS))
    dense = "".join(folded.split())
    return dense.upper() if name in CODES else dense


def _compare_dates(given: object, license: License) -> str:
    """A null is not stated and so not compared; at least one date must be."""
    if not isinstance(given, dict):
        return "unknown"
    last = license.valid_until
    ours = {
        "from": license.valid_from.isoformat(),
        "until": None if last is None else as_text(last),
    }
    stated = {end: given.get(end) for end in ours if given.get(end) is not None}
    if not stated:
        return "unknown"
    return "match" if all(ours[end] == value for end, value in stated.items()) else "mismatch"


def payload_of(office: Office, inquiry: Inquiry, found: Findings, now: datetime) -> JsonObject:
    """The answer's payload as docs/ivp.md lists it; after a mismatch nothing else is told."""
    payload: JsonObject = {
        "iss": office.body.code,
        "aud": inquiry.node,
        "iat": seconds(now),
        "inquiry": inquiry.digest,
        "outcome": int(found.outcome),
        "document": found.document,
        "facts": found.facts,
        "as_of": seconds(now),
    }
    if inquiry.identifier is not None:
        payload["identifier"] = inquiry.identifier
    elif found.license is not None and found.status is not None:
        payload["identifier"] = found.license.id
    if found.since is not None:
        payload["since"] = found.since.isoformat()
    if found.license is None or found.status is None:
        return payload
    license, status = found.license, found.status
    payload |= {
        "type": license.type,
        "version": f"{license.identifier.version:03}",
        "state": status.state.value,
    }
    if status.since is not None:
        payload["since"] = status.since.isoformat()
    if status.until is not None:
        payload["until"] = status.until.isoformat()
    if status.successor is not None:
        payload["successor"] = status.successor
    return payload
