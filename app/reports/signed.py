"""A report as a JWS of this node: whoever holds the node's public key can confirm it, offline.

JWS compact (RFC 7515); the payload is the report itself in canonical form, byte for byte.
"""

from functools import lru_cache
from typing import Final

from app.crypto.jose import to_base64url
from app.crypto.schemes import JOSE_BY_SCHEME
from app.crypto.signing import Signer
from app.domain.scheme import Scheme
from app.reports.canonical import canonical

TYP: Final = "verification-report+jwt"
"""No other token of this node or of an issuer bears it (RFC 8725 §3.11)."""


def sign_report(content: bytes, signer: Signer) -> str:
    """A report in canonical form under the node's signature.

    Raises:
        Unavailable: the key's holder does not sign.
    """
    signed = f"{_header(signer.scheme, signer.kid)}.{to_base64url(content)}"
    return f"{signed}.{to_base64url(signer.sign(signed.encode()))}"


@lru_cache(16)
def _header(scheme: Scheme, kid: str) -> str:
    """The same for every report under one key."""
    header = {"alg": JOSE_BY_SCHEME[scheme], "kid": kid, "typ": TYP}
    return to_base64url(canonical(header))
