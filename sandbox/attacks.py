"""Named attacks on license tokens, each with the word it must fail with.

Every attack has its untouched twin: `attack.twin(world)` is the genuine token of the same license
and must come out valid in the same run, its issuer being asked and answering honestly.

`reason` is the reason of the verdict, `conclusion` the verdict, `asks` whether the issuer may be
called at all (a document that fails by itself costs nobody a call). `gap` is what the local
checks must have said where the issuer's answer then decided otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox import jws
from sandbox.bodies import moment
from sandbox.codes import ALPHANUMERIC, Identifier
from sandbox.forging import (
    Forge,
    around,
    bend,
    claims,
    headed,
    hmac_with,
    jwk_text,
    noncanonical,
    padded,
    pem,
    resigned,
    signature_part,
    twin,
)
from sandbox.keys import b64
from sandbox.licenses import License
from sandbox.sm2 import encode_der
from sandbox.tokens import seconds
from sandbox.world import World

INVALID, OPEN, VALID = "invalid", "indeterminate", "valid"
REFUSED = "refused"
"""No verdict: the bytes are not even meant as a token, and the request is answered so."""


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    reason: str | None
    conclusion: str
    asks: bool
    forge: Forge
    gap: str | None = None
    issuer: str = "traffic"
    """Whose license is attacked. The traffic police sign with P-256 and keep no complete index
    of files, so that an altered file is `unknown` to them and no digest betrays the forger."""

    def victim(self, world: World) -> License:
        return world.pick(self.issuer)

    def twin(self, world: World) -> bytes:
        return world.token(self.victim(world))

    def make(self, world: World) -> bytes:
        return self.forge(world, self.victim(world))


ATTACKS: dict[str, Attack] = {}
"""Name → attack."""


def _add(name: str, reason: str | None, forge: Forge, conclusion: str = INVALID) -> None:
    ATTACKS[name] = Attack(name, reason, conclusion, asks=False, forge=forge)


def _asked(
    name: str, reason: str | None, conclusion: str, forge: Forge, gap: str | None = None
) -> None:
    ATTACKS[name] = Attack(name, reason, conclusion, asks=True, forge=forge, gap=gap)


# ---- which algorithm: the registered key decides (RFC 8725 §3.1)
# What no license may be signed with is not read at all; what another key may use is a mismatch.

_add("alg_none", "malformed", resigned({"alg": "none"}, lambda _: b""))
_add("alg_none_cased", "malformed", resigned({"alg": "nOnE"}, lambda _: b""))
_add("alg_none_signed", "malformed", headed(alg="none"))
_add("alg_empty", "malformed", headed(alg=""))
_add("alg_null", "malformed", headed(alg=None))
_add("alg_list", "malformed", headed(alg=["ES256"]))
_add("alg_other_curve", "scheme_mismatch", headed(alg="ES384"))
_add("alg_secp256k1", "scheme_mismatch", headed(alg="ES256K"))
_add("alg_rsa", "scheme_mismatch", headed(alg="RS256"))
_add("alg_sm2", "scheme_mismatch", headed(alg="SM2SM3"))
_add("alg_missing", "malformed", lambda w, v: bend(w, v).headless("alg").token())
_add("key_confusion_der", "malformed", hmac_with(lambda held: held.key.spki()))
_add("key_confusion_pem", "malformed", hmac_with(pem))
_add(
    "key_confusion_odd_pem",
    "malformed",
    hmac_with(lambda held: pem(held, "EC PUBLIC KEY")),
)
_add("key_confusion_jwk", "malformed", hmac_with(jwk_text))

# ---- header members that would bring their own key or rule

_add("crit_header", "malformed", headed(crit=["exp"]))
_add("crit_empty", "malformed", headed(crit=[]))
_add("b64_false", "malformed", headed(b64=False))
_add("b64_false_crit", "malformed", headed(b64=False, crit=["b64"]))
_add("b64_text", "malformed", headed(b64="false"))
_add("jku_header", "malformed", headed(jku="https://issuer.example/jwks"))
_add("x5u_header", "malformed", headed(x5u="https://issuer.example/cert"))
_add("x5c_header", "malformed", headed(x5c=["MIIB"]))
_add("zip_header", "malformed", headed(zip="DEF"))
_add("typ_missing", "malformed", lambda w, v: bend(w, v).headless("typ").token())
_add("typ_jwt", "malformed", headed(typ="JWT"))
_add("typ_answer", "malformed", headed(typ="ivp-answer+jwt"))
_add("typ_cased", "malformed", headed(typ="License+JWT"))
_add("kid_missing", "malformed", lambda w, v: bend(w, v).headless("kid").token())
_add("kid_path", "malformed", headed(kid="../../dev/null"))
_add("kid_sql", "malformed", headed(kid="' OR 1=1--"))
_add("kid_list", "malformed", headed(kid=["traffic-current"]))
_add("kid_nul", "malformed", headed(kid="traffic-current\x00"))
_add("kid_long", "malformed", headed(kid="k" * 129))
_add("header_too_long", "malformed", headed(cty="x" * 2100))


def _jwk_embedded(world: World, victim: License) -> bytes:
    """The forger's own public key, in the token that it verifies."""
    stranger = world.body("stranger").keys[0]
    bent = bend(world, victim).headed(jwk=stranger.key.jwk(), alg=stranger.alg)
    return bent.with_key(stranger.key).token()


def _header_duplicates(world: World, victim: License) -> bytes:
    header = jws.to_json(bend(world, victim).header)
    return bend(world, victim).raw_header(b'{"alg":"none",' + header[1:])


_add("jwk_embedded", "malformed", _jwk_embedded)
_add("header_duplicate_keys", "malformed", _header_duplicates)
_add("header_list", "unrecognised", lambda w, v: bend(w, v).raw_header(b"[]"), REFUSED)
_add("header_empty", "unrecognised", lambda w, v: bend(w, v).raw_header(b""), REFUSED)

# ---- spelling of the token

_add("one_part", "unrecognised", around(lambda token: token.replace(b".", b"")), REFUSED)
_add("two_parts", "malformed", around(lambda token: token[: token.rindex(b".")]))
_add("four_parts", "malformed", around(lambda token: token + b".e30"))
_add("five_parts", "malformed", around(lambda token: token + b".e30.e30"))
_add("trailing_newline", "malformed", around(lambda token: token + b"\n"))
_add("leading_space", "malformed", around(lambda token: b" " + token))
_add("byte_order_mark", "unrecognised", around(lambda token: b"\xef\xbb\xbf" + token), REFUSED)
_add("padded_base64", "malformed", around(padded))
_add("noncanonical_base64", "malformed", around(noncanonical))
_add(
    "inner_newline", "unrecognised", around(lambda token: token[:20] + b"\n" + token[20:]), REFUSED
)
_add("truncated", "malformed", around(lambda token: token[: len(token) // 2]))
_add("end_missing", "malformed", around(lambda token: token[:-30]))
_add("empty_signature", "malformed", signature_part(lambda _: b""))
_add("huge", "malformed", claims(details={"备注": "长" * 20_000}))

# ---- the payload, signed by the genuine key


def _payload(change: Callable[[bytes], bytes]) -> Forge:
    def forge(world: World, victim: License) -> bytes:
        bent = bend(world, victim)
        return bent.raw(change(jws.to_json(bent.payload)))

    return forge


_add(
    "payload_duplicate_keys",
    "malformed",
    _payload(lambda p: p[:-1] + b',"number":"639901199001010000"}'),
)
_add(
    "holder_duplicate_keys",
    "malformed",
    _payload(lambda p: p.replace(b'"holder":{', b'"holder":{"name":"X",')),
)
_add("lone_surrogate", "malformed", _payload(lambda p: p[:-1] + b',"jti":"\\ud800"}'))
_add("invalid_utf8", "malformed", _payload(lambda p: p[:-1] + b',"jti":"\xff"}'))
_add("payload_bom", "malformed", _payload(lambda p: b"\xef\xbb\xbf" + p))
_add("payload_utf16", "malformed", _payload(lambda p: p.decode().encode("utf-16")))
_add("not_a_number", "malformed", _payload(lambda p: p[:-1] + b',"exp":NaN}'))
_add("infinite", "malformed", _payload(lambda p: p[:-1] + b',"exp":1e400}'))
_add("long_integer", "malformed", _payload(lambda p: p[:-1] + b',"exp":' + b"9" * 5000 + b"}"))
_add(
    "deep",
    "malformed",
    _payload(lambda p: p[:-1] + b',"jti":' + b"[" * 2000 + b"]" * 2000 + b"}"),
)
_add("payload_list", "malformed", _payload(lambda p: b"[" + p + b"]"))
_add("payload_empty", "malformed", _payload(lambda _: b""))
_add("payload_trailing", "malformed", _payload(lambda p: p + b"{}"))
_add("unknown_member", "malformed", claims(status="valid"))
_add("iat_text", "malformed", claims(iat="1700000000"))
_add("iat_fraction", "malformed", claims(iat=1700000000.5))
_add("iat_true", "malformed", claims(iat=True))
_add("exp_text", "malformed", claims(exp="9999999999"))
_add("iss_list", "malformed", claims(iss=["11639901MB99020277"]))
_add("holder_text", "malformed", claims(holder="张三"))
_add("impossible_date", "malformed", claims(valid_until="2030-02-30"))
_add("full_width_date", "malformed", claims(valid_until="２０３０-０１-０１"))
_add("identifier_missing", "malformed", lambda w, v: bend(w, v).without("identifier").token())
_add("issuer_missing", "malformed", lambda w, v: bend(w, v).without("iss").token())
_add("copy_text", "malformed", claims(copy="仅用于入职"))

# ---- the signature value


def _altered_payload(world: World, victim: License) -> bytes:
    """Another number under the old signature."""
    genuine = jws.split(world.token(victim))
    payload = {**genuine.payload, "number": "639901199001010000"}
    return jws.compact(jws.to_json(genuine.header), jws.to_json(payload), genuine.signature)


def _other_signature(world: World, victim: License) -> bytes:
    """A genuine signature of the same issuer, over another license."""
    genuine = jws.split(world.token(victim))
    other = world.of(victim.issuer, "in_force")[1]
    return genuine.signed + b"." + b64(jws.split(world.token(other)).signature).encode()


def _as_der(signature: bytes) -> bytes:
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    return encode_der((r, s))


_add("altered_payload", "signature_invalid", _altered_payload)
_add("signature_of_another", "signature_invalid", _other_signature)
_add("signature_zero", "signature_invalid", signature_part(lambda value: bytes(len(value))))
_add("signature_ones", "signature_invalid", signature_part(lambda value: b"\xff" * len(value)))
_add("signature_bit", "signature_invalid", signature_part(lambda v: bytes((v[0] ^ 1,)) + v[1:]))
_add("signature_der", "signature_invalid", signature_part(_as_der))
_add("signature_longer", "signature_invalid", signature_part(lambda value: value + b"\x00"))
_asked("twin_signature", None, VALID, signature_part(twin))

# ---- whose key


def _by(body: str, role: str) -> Forge:
    """Signed by that body's key, named honestly."""
    return lambda w, v: bend(w, v).by(w.body(body).held(role)).token()


def _foreign_key(world: World, victim: License) -> bytes:
    return bend(world, victim).with_key(world.body("stranger").keys[0].key).token()


def _dated(role: str, days: int) -> Forge:
    """Signed with the issuer's key of that role, so many days from the world's day."""

    def forge(world: World, victim: License) -> bytes:
        at = seconds(victim.signed_at + (world.today - victim.issued_on)) + days * 86400
        held = world.body(victim.issuer).held(role)
        return bend(world, victim).by(held).claims(iat=at).token()

    return forge


_asked("unknown_kid", "key_unknown", OPEN, headed(kid="traffic-none"), gap="key_unknown")
_asked("foreign_kid", "key_unknown", OPEN, _by("stranger", "current"), gap="key_unknown")
_asked("other_issuers_key", "key_unknown", OPEN, _by("university", "current"), gap="key_unknown")
_asked("others_delegate", "key_unknown", OPEN, _by("city-housing", "current"), gap="key_unknown")
_asked("answer_key", "key_unknown", OPEN, _by("traffic", "answer"), gap="key_unknown")
_add("foreign_key", "signature_invalid", _foreign_key)
_asked(
    "copy_delegate_signs_original",
    "copy_expiry_missing",
    OPEN,
    _by("data", "copy"),
    gap="copy_expiry_missing",
)
_add("revoked_key", "signed_after_revocation", _dated("revoked", -100))
_add("future_key", "signed_outside_window", _dated("future", -1))
_add("retired_key_used_late", "signed_outside_window", _dated("retired", -100))
_add("key_before_its_time", "signed_outside_window", _dated("current", -800))
_asked(
    "revoked_key_backdated", None, VALID, _dated("revoked", -300), gap="key_revoked_since"
)  # the issuer confirms every covered fact: the time gap closes, and nothing was forged

# ---- whose license


def _wrong_issuer(world: World, victim: License) -> bytes:
    return bend(world, victim).claims(iss=world.body("market").code).token()


def _unknown_issuer(world: World, victim: License) -> bytes:
    """A well-made token of a body nobody registered."""
    stranger = world.body("stranger")
    identifier = Identifier(stranger.types[0], stranger.code, "2025000001", 1)
    bent = bend(world, victim).by(stranger.keys[0])
    return bent.claims(
        iss=stranger.code, identifier=str(identifier), type=stranger.types[0]
    ).token()


def _wrong_type(world: World, victim: License) -> bytes:
    return bend(world, victim).claims(type=world.body("market").types[0]).token()


def _wrong_check(world: World, victim: License) -> bytes:
    right = victim.id
    wrong = ALPHANUMERIC[(ALPHANUMERIC.index(right[-1]) + 1) % 36]
    return bend(world, victim).claims(identifier=right[:-1] + wrong).token()


def _wrong_root(world: World, victim: License) -> bytes:
    other = victim.id.replace("1.2.156.3005.2.", "1.2.156.3003.2.", 1)
    return bend(world, victim).claims(identifier=other).token()


def _never_issued(world: World, victim: License) -> bytes:
    """Signed with the genuine key by an insider, and in nobody's books."""
    identifier = Identifier(victim.type, victim.issuer, "2025999999", 1)
    return bend(world, victim).claims(identifier=str(identifier)).token()


def _stolen_key(world: World, victim: License) -> bytes:
    """The revoked key, back-dated to when it was good, over another holder."""
    at = seconds(victim.signed_at + (world.today - victim.issued_on)) - 300 * 86400
    other = world.of(victim.issuer, "in_force")[1].holder
    holder = {"name": other.name, "code": other.code, "code_type": other.code_type}
    bent = bend(world, victim).by(world.body(victim.issuer).held("revoked"))
    return bent.claims(iat=at, holder=holder).token()


_add("wrong_issuer", "identifier_disagrees", _wrong_issuer)
_add("wrong_type", "identifier_disagrees", _wrong_type)
_asked(
    "wrong_check_character",
    "issuer_denies",
    INVALID,
    _wrong_check,
    gap="identifier_mistyped",
)  # mistyped is not forged: the issuer is asked, and does not know it
_asked("wrong_root", "issuer_denies", INVALID, _wrong_root, gap="identifier_mistyped")
_add("unknown_issuer", "issuer_unknown", _unknown_issuer, OPEN)
_asked("never_issued", "issuer_denies", INVALID, _never_issued)
_asked("stolen_key_other_holder", "record_mismatch", INVALID, _stolen_key, gap="key_revoked_since")

# ---- when


def _time(member: str, days: float) -> Forge:
    """That member so many days from noon of the world's day; genuinely signed."""

    def forge(world: World, victim: License) -> bytes:
        noon = victim.signed_at + (world.today - victim.issued_on) + timedelta(hours=3)
        return bend(world, victim).claims(**{member: seconds(noon + timedelta(days=days))}).token()

    return forge


def _expired_copy(world: World, victim: License) -> bytes:
    """An annotated copy whose own end is past; the license itself is in force."""
    copies = (copy for copy in world.copies if copy.license.issuer == victim.issuer)
    return world.copy_token(next(c for c in copies if c.expired(moment(world.today))))


_add("iat_in_future", "signed_in_future", _time("iat", 2))
_add("exp_past", "presentation_expired", _time("exp", -2))
_add("copy_expired", "copy_expired", _expired_copy)
_asked(
    "no_iat",
    None,
    VALID,
    lambda w, v: bend(w, v).without("iat").token(),
    gap="signing_time_missing",
)  # all facts are covered and confirmed: the time gap closes
