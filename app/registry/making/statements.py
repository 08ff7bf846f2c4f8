"""What a person signed: compact JWS over canonical content, read back only by that person's key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.crypto import schemes
from app.crypto.jose import CompactLimits, JsonLimits, read_json_object, split_compact, to_base64url
from app.crypto.schemes import JOSE_BY_SCHEME, scheme_for_jose
from app.crypto.signing import Signer
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.scheme import Scheme
from app.reports.canonical import canonical

PROPOSAL: Final = "trust-proposal+jwt"
DECISION: Final = "trust-decision+jwt"

MAX_STATEMENT: Final = 4 * 1024 * 1024
"""Bytes of content: a revocation list or two beside a hundred bodies."""
_LIMITS: Final = JsonLimits(size=MAX_STATEMENT)
_TOKEN: Final = CompactLimits(token=MAX_STATEMENT * 3 // 2)


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """Whose signature it must be."""

    key_id: str
    scheme: Scheme
    spki: bytes = field(repr=False)


def sign_statement(typ: str, content: Mapping[str, object], signer: Signer) -> str:
    """A compact JWS. Raises `Refused` for content over the limit, `Unavailable` without the key."""
    octets = canonical(content)
    if len(octets) > MAX_STATEMENT:
        raise Refused("proposal", f"the content is over {MAX_STATEMENT} bytes: propose in parts")
    header = {"typ": typ, "alg": JOSE_BY_SCHEME[signer.scheme], "kid": signer.kid}
    signed = f"{to_base64url(canonical(header))}.{to_base64url(octets)}"
    return f"{signed}.{to_base64url(signer.sign(signed.encode('ascii')))}"


def read_statement(token: str, typ: str, key: VerifyKey) -> dict[str, object]:
    """The content, if that very key signed it as that very kind of statement.

    Raises:
        InvalidSignature: another key, another kind, another content, or no statement at all.
    """
    try:
        compact = split_compact(token.encode("utf-8"), _TOKEN)
        if compact.typ != typ or compact.kid != key.key_id:
            raise InvalidSignature("statement: of another kind or key")
        if scheme_for_jose(compact.alg) is not key.scheme:
            raise InvalidSignature("statement: of another scheme than the key")
        schemes.verify_jose(
            key.scheme, spki=key.spki, message=compact.signing_input, value=compact.signature
        )
        return read_json_object(compact.payload, _LIMITS)
    except Malformed as broken:
        raise InvalidSignature(f"statement: {broken}") from None


def digest_of(token: str) -> str:
    """What a decision refers to: SHA-256 of the signed content, hexadecimal."""
    return hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
