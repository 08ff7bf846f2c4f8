"""An issuer's signed word on a license, unasked (docs/records.md): JWS, `license-statement+jwt`."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.crypto import schemes
from app.crypto.jose import (
    Compact,
    CompactLimits,
    JsonLimits,
    read_json_object,
    read_time,
    split_compact,
)
from app.domain.errors import InvalidSignature, Malformed
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import AnswerKey, Code
from app.domain.license import KeyId
from app.domain.scheme import Scheme

TYP: Final = "license-statement+jwt"
MAX_TOKEN: Final = 4096
_MEMBERS: Final = frozenset({"iss", "sub", "code", "as_of", "since"})
_NEEDED: Final = _MEMBERS - {"since"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedWord:
    """What the token says; nothing of it is verified."""

    owner: IssuerCode
    """Who says so: the issuer, or its delegate for answers."""
    key_id: KeyId
    identifier: Identifier
    code: Code
    as_of: datetime
    since: datetime | None
    compact: Compact = field(repr=False)
    token: str = field(repr=False)
    """As it came."""
    scheme: Scheme | None = None
    """Of the registered key under which it was verified; None: it was not."""


def read_statement(token: str) -> SignedWord:
    """Raises `Malformed` for anything docs/records.md does not say."""
    try:
        octets = token.encode("ascii")
    except UnicodeEncodeError:
        raise Malformed("statement: not ASCII") from None
    compact = split_compact(octets, CompactLimits(token=MAX_TOKEN))
    if compact.typ != TYP:
        raise Malformed(f"statement: typ is not {TYP}")
    found = read_json_object(compact.payload, JsonLimits(size=MAX_TOKEN, depth=1))
    if not found.keys() <= _MEMBERS or not found.keys() >= _NEEDED:
        raise Malformed("statement: has iss, sub, code, as_of, perhaps since, and no other member")
    owner, subject, code = found["iss"], found["sub"], found["code"]
    if not isinstance(owner, str) or not isinstance(subject, str):
        raise Malformed("statement: iss and sub are texts")
    if type(code) is not int or not Code.IN_FORCE <= code <= Code.ENDED:
        raise Malformed("statement: code is 0 in force, 1 not yet, 2 suspended or 3 ended")
    try:
        identifier = Identifier.read(subject)
    except ValueError:
        raise Malformed("statement: sub has not the six parts of GB/T 36904") from None
    return SignedWord(
        owner=IssuerCode(owner),
        key_id=KeyId(compact.kid),
        identifier=identifier,
        code=Code(code),
        as_of=read_time(found["as_of"], "statement: as_of"),
        since=read_time(found["since"], "statement: since") if "since" in found else None,
        compact=compact,
        token=token,
    )


def verify_statement(word: SignedWord, key: AnswerKey) -> SignedWord:
    """The word, with the scheme it stands under. The registered key decides it; the header only
    agrees. Raises `InvalidSignature`.
    """
    if schemes.scheme_for_jose(word.compact.alg) is not key.scheme:
        raise InvalidSignature("statement: another algorithm than the key is registered for")
    schemes.verify_jose(
        key.scheme,
        spki=key.spki,
        message=word.compact.signing_input,
        value=word.compact.signature,
    )
    return replace(word, scheme=key.scheme)
