"""Behaviours that answer in good HTTP and say something that must not be believed.

Each takes the honest draft and returns the body to send. `tests/sandbox` proves of each that it
differs from the honest answer in the one respect it is named for.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox import jws
from sandbox.arguments import Arguments
from sandbox.bodies import HeldKey
from sandbox.inquiry import Inquiry
from sandbox.jws import JsonObject
from sandbox.keys import b64
from sandbox.licenses import Outcome
from sandbox.office import Office

TYP = "ivp-answer+jwt"
JOSE = "application/jose"


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer about to be signed."""

    header: JsonObject
    payload: JsonObject
    key: jws.Signer

    def token(self) -> bytes:
        return jws.sign(self.header, self.payload, self.key)

    def with_payload(self, **members: object) -> "Draft":
        return replace(self, payload={**self.payload, **members})

    def without(self, *names: str) -> "Draft":
        kept = {name: value for name, value in self.payload.items() if name not in names}
        return replace(self, payload=kept)

    def with_header(self, **members: object) -> "Draft":
        return replace(self, header={**self.header, **members})

    def by(self, held: HeldKey) -> "Draft":
        return replace(self.with_header(alg=held.alg, kid=held.kid), key=Answering(held))


@dataclass(frozen=True, slots=True)
class Answering:
    """Signs by the key's faster way."""

    held: HeldKey

    def sign(self, message: bytes) -> bytes:
        return self.held.key.answer(message)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a behaviour may look at."""

    office: Office
    inquiry: Inquiry
    held: HeldKey
    """The key the honest answer is signed with."""
    earlier: tuple[bytes, ...]
    """Honest answers given before, oldest first."""
    now: int
    args: Arguments


@dataclass(frozen=True, slots=True)
class Reply:
    body: bytes
    media_type: str = JOSE


Lie = Callable[[Draft, Scene], Reply]
LIES: dict[str, tuple[str, Lie]] = {}
"""Name → what it does, and the doing of it."""


def _lie(name: str, summary: str) -> Callable[[Lie], Lie]:
    def register(tell: Lie) -> Lie:
        LIES[name] = summary, tell
        return tell

    return register


def _simple(name: str, summary: str, change: Callable[[Draft, Scene], Draft]) -> None:
    LIES[name] = summary, lambda draft, scene: Reply(change(draft, scene).token())


DAY = int(timedelta(days=1).total_seconds())


def _other(draft: Draft, scene: Scene) -> Draft:
    """Signed by a body that is nobody's delegate."""
    return replace(draft, key=scene.office.world.body("stranger").keys[0].key)


def _license_key(draft: Draft, scene: Scene) -> Draft:
    held = next(k for k in scene.office.body.keys if "answer" not in k.uses)
    return draft.by(held)


def _retired_key(draft: Draft, scene: Scene) -> Draft:
    return draft.by(scene.office.body.held("answer-retired"))


# ---- signature and header

_simple("wrong_key", "signed by a stranger's key under the issuer's kid", _other)
_simple("unknown_kid", "a kid nobody registered", lambda d, _: d.with_header(kid="nobody-9"))
_simple("wrong_typ", "typ of a license token", lambda d, _: d.with_header(typ="license+jwt"))
_simple("extra_header", "header with crit", lambda d, _: d.with_header(crit=["exp"]))
_simple("scheme_swapped", "alg of another scheme", lambda d, _: d.with_header(alg="RS512"))
_simple("license_key", "signed by a key registered for licenses only", _license_key)
_simple("retired_key", "signed by the answer key that went out of use", _retired_key)


@_lie("wrong_signature", "one bit of the signature value flipped")
def _wrong_signature(draft: Draft, scene: Scene) -> Reply:
    del scene
    parts = jws.split(draft.token())
    flipped = parts.signature[:-1] + bytes((parts.signature[-1] ^ 1,))
    return Reply(parts.signed + b"." + b64(flipped).encode())


@_lie("alg_none", "alg none and no signature value")
def _alg_none(draft: Draft, scene: Scene) -> Reply:
    del scene
    bare = draft.with_header(alg="none")
    return Reply(jws.compact(jws.to_json(bare.header), jws.to_json(bare.payload), b""))


@_lie("alg_hs256", "HS256 with the issuer's public key as the secret")
def _alg_hs256(draft: Draft, scene: Scene) -> Reply:
    confused = draft.with_header(alg="HS256")
    return Reply(replace(confused, key=PublicSecret(scene.held.key.spki())).token())


@dataclass(frozen=True, slots=True)
class PublicSecret:
    """Pretends that a public key is a shared secret."""

    secret: bytes

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(self.secret, message, "sha256")


# ---- whose answer, to which question

_simple(
    "wrong_nonce", "digest of some other inquiry",
    lambda d, _: d.with_payload(inquiry=b64(hashlib.sha256(b"another question").digest())),
)  # fmt: skip
_simple("no_nonce", "no inquiry digest", lambda d, _: d.without("inquiry"))
_simple("wrong_aud", "meant for another node", lambda d, _: d.with_payload(aud="some-other-node"))
_simple(
    "wrong_iss", "another issuer's code as iss",
    lambda d, s: d.with_payload(iss=s.office.world.body("stranger").code),
)  # fmt: skip


@_lie("wrong_identifier", "echoes another license's identifier")
def _wrong_identifier(draft: Draft, scene: Scene) -> Reply:
    asked = scene.inquiry.identifier
    other = next(one.id for one in scene.office.world.licenses if one.id != asked)
    return Reply(draft.with_payload(identifier=other).token())


@_lie("replayed", "the first honest answer ever given, again")
def _replayed(draft: Draft, scene: Scene) -> Reply:
    return Reply(scene.earlier[0] if scene.earlier else draft.token())


# ---- what it says

_simple(
    "lie_in_force", "in force, whatever the books say",
    lambda d, _: d.with_payload(outcome=0, state="issued"),
)  # fmt: skip
_simple(
    "lie_revoked", "revoked, whatever the books say",
    lambda d, _: d.with_payload(outcome=3, state="revoked"),
)  # fmt: skip
_simple(
    "lie_not_found", "never issued, whatever the books say",
    lambda d, _: d.without("state", "type", "version").with_payload(outcome=5, document="unknown"),
)  # fmt: skip
_simple(
    "contradicts_document", "in force, or the code given as `code`, and not this file",
    lambda d, s: (d.without("state") if s.args.count("code", 0) else d).with_payload(
        outcome=s.args.count("code", 0), document="differs"
    ),
)  # fmt: skip
_simple(
    "contradicts_facts", "in force, and every fact a mismatch",
    lambda d, s: d.with_payload(outcome=0, facts=dict.fromkeys(s.inquiry.compare, "mismatch")),
)  # fmt: skip
_simple(
    "confirms_document", "in force, and this very file, whatever the file",
    lambda d, _: d.with_payload(outcome=0, state="issued", document="match"),
)  # fmt: skip
_simple(
    "document_unknown", "cannot tell about the file",
    lambda d, _: d.with_payload(document="unknown"),
)  # fmt: skip
_simple(
    "partial_facts", "code 7, half of the facts unknown",
    lambda d, s: d.with_payload(
        outcome=7, facts={n: ("match", "unknown")[i % 2] for i, n in enumerate(s.inquiry.compare)}
    ),
)  # fmt: skip
_simple("facts_unknown", "compares nothing",
    lambda d, s: d.with_payload(facts=dict.fromkeys(s.inquiry.compare, "unknown")),
)  # fmt: skip
_simple("outcome", "the code given as `code`",
    lambda d, s: d.with_payload(outcome=s.args.count("code", 4)),
)  # fmt: skip
_simple("extra_member", "members IVP/1 does not know yet; must be ignored",
    lambda d, _: d.with_payload(weather="fine"),
)  # fmt: skip

# ---- when

_simple(
    "stale_as_of", "data of `seconds` ago (a day)",
    lambda d, s: d.with_payload(as_of=s.now - s.args.count("seconds", DAY)),
)  # fmt: skip
_simple(
    "future_as_of", "data of `seconds` ahead (a day)",
    lambda d, s: d.with_payload(as_of=s.now + s.args.count("seconds", DAY)),
)  # fmt: skip
_simple(
    "stale_iat", "made `seconds` ago (a day)",
    lambda d, s: d.with_payload(iat=s.now - s.args.count("seconds", DAY)),
)  # fmt: skip
_simple(
    "future_iat", "made `seconds` ahead (a day)",
    lambda d, s: d.with_payload(iat=s.now + s.args.count("seconds", DAY)),
)  # fmt: skip
_simple(
    "next_update", "a cache may keep it for `seconds` (60)",
    lambda d, s: d.with_payload(next_update=s.now + s.args.count("seconds", 60)),
)  # fmt: skip
_simple(
    "next_update_past", "was to be replaced an hour ago",
    lambda d, s: d.with_payload(next_update=s.now - 3600),
)  # fmt: skip

# ---- malformed inside a good signature

_simple("outcome_text", 'outcome "0"', lambda d, _: d.with_payload(outcome="0"))
_simple("outcome_true", "outcome false, which is 0 to a careless reader",
    lambda d, _: d.with_payload(outcome=False),
)  # fmt: skip
_simple("outcome_nine", "outcome 9", lambda d, _: d.with_payload(outcome=9))
_simple("no_outcome", "no outcome", lambda d, _: d.without("outcome"))
_simple("no_document", "no document", lambda d, _: d.without("document"))
_simple("no_facts", "no facts", lambda d, _: d.without("facts"))
_simple("document_word", "document: yes", lambda d, _: d.with_payload(document="yes"))
_simple("times_float", "iat with a fraction", lambda d, s: d.with_payload(iat=s.now + 0.5))
_simple(
    "identifier_list", "identifier as a list of one",
    lambda d, s: d.with_payload(identifier=[s.inquiry.identifier]),
)  # fmt: skip


@_lie("duplicate_members", "outcome 3 and outcome 0 in one signed payload")
def _duplicates(draft: Draft, scene: Scene) -> Reply:
    del scene
    payload = jws.to_json(draft.with_payload(outcome=0).payload)
    doubled = b'{"outcome":3,' + payload[1:]
    return Reply(jws.sign_raw(jws.to_json(draft.header), doubled, draft.key))


@_lie("deep", "a payload nested 5,000 deep")
def _deep(draft: Draft, scene: Scene) -> Reply:
    del scene
    payload = jws.to_json(draft.payload)[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    return Reply(jws.sign_raw(jws.to_json(draft.header), payload, draft.key))


@_lie("not_a_number", "as_of NaN")
def _not_a_number(draft: Draft, scene: Scene) -> Reply:
    del scene
    payload = json.dumps({**draft.payload, "as_of": float("nan")}).encode()
    return Reply(jws.sign_raw(jws.to_json(draft.header), payload, draft.key))


@_lie("malformed_payload", "a signed payload that is no JSON")
def _malformed_payload(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(jws.sign_raw(jws.to_json(draft.header), b'{"outcome":0,', draft.key))


@_lie("five_parts", "five parts, as JWE has")
def _five_parts(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(draft.token() + b".e30.e30")


@_lie("trailing_newline", "a line feed after the token")
def _trailing_newline(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(draft.token() + b"\n")


# ---- not signed at all

UNSIGNED = "application/json"


@_lie("unsigned", "the honest payload as bare JSON")
def _unsigned(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(jws.to_json(draft.payload), UNSIGNED)


@_lie("unsigned_not_found", "code 5 as bare JSON")
def _unsigned_not_found(draft: Draft, scene: Scene) -> Reply:
    del scene
    denied = draft.with_payload(outcome=int(Outcome.NO_RECORD), document="unknown")
    return Reply(jws.to_json(denied.payload), UNSIGNED)


@_lie("not_a_jws", "some other text")
def _not_a_jws(draft: Draft, scene: Scene) -> Reply:
    del draft, scene
    return Reply("查询成功".encode())


@_lie("malformed_json", "half a JSON object")
def _malformed_json(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(jws.to_json(draft.payload)[:-20], UNSIGNED)


@_lie("wrong_content_type", "the honest token as text/plain")
def _wrong_content_type(draft: Draft, scene: Scene) -> Reply:
    del scene
    return Reply(draft.token(), "text/plain; charset=utf-8")


@_lie("html_login", "a login page, status 200")
def _html_login(draft: Draft, scene: Scene) -> Reply:
    del draft
    page = f"<!doctype html><title>登录</title><h1>{scene.office.body.title}</h1><form></form>"
    return Reply(page.encode(), "text/html; charset=utf-8")
