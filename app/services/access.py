"""Who is calling? An API key, a signed assertion, or nobody; and within which limits."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from app.crypto import schemes
from app.crypto.jose import Compact, CompactLimits, JsonLimits, read_json_object, split_compact
from app.domain.caller import ANONYMOUS, Caller
from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import InvalidSignature, Malformed, ServiceError
from app.registry.callers import AssertionKey, Known

TYP: Final = "client-assertion+jwt"
LONGEST: Final = timedelta(minutes=10)
"""Between `iat` and `exp` of an assertion."""
_SECOND: Final = timedelta(seconds=1)
_JTI: Final = re.compile(r"[A-Za-z0-9_-]{22,128}\Z")
_LIMITS: Final = CompactLimits(token=4096)
_MEMBERS: Final = frozenset({"iss", "sub", "aud", "iat", "exp", "jti"})
MAX_CREDENTIAL: Final = 4096
"""Characters of an Authorization header."""


class Unauthorised(ServiceError):
    """Credentials that do not do; the cause is not told to whoever showed them."""


class Callers(Protocol):
    """What the registry knows of callers."""

    async def by_api_key(self, text: str, now: datetime) -> Known | None: ...

    async def by_key_id(self, key_id: str) -> AssertionKey | None: ...

    async def use_once(self, caller: str, jti: str, expires_at: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Admission:
    """A caller let in, with its contract; None of a contract for the public."""

    caller: Caller
    per_minute: int | None


PUBLIC: Final = Admission(ANONYMOUS, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets callers in."""

    callers: Callers
    node_id: str
    clock: Callable[[], datetime]

    async def admit(self, authorization: str | None) -> Admission:
        """The caller of an `Authorization` header; anonymous without one.

        Raises `Unauthorised`, one for all causes; `Unavailable`.
        """
        if authorization is None:
            return PUBLIC
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not 0 < len(credential) <= MAX_CREDENTIAL:
            raise Unauthorised("not a bearer credential")
        if credential.startswith("zy_"):
            known = await self.callers.by_api_key(credential, self.clock())
        else:
            known = await self._by_assertion(credential)
        if known is None:
            raise Unauthorised("unknown, ended or not allowed")
        return Admission(known.caller, known.per_minute)

    async def _by_assertion(self, token: str) -> Known | None:
        """RFC 7523 `private_key_jwt` in shape: signed by the caller's registered key, for this
        node, for minutes, and once.
        """
        try:
            compact = split_compact(token.encode(), _LIMITS)
            claims = read_json_object(compact.payload, JsonLimits(size=_LIMITS.token))
        except (Malformed, UnicodeEncodeError):
            return None
        key = await self.callers.by_key_id(compact.kid)
        if compact.typ != TYP or key is None or not self._holds(compact, key):
            return None
        expires = self._expiry(claims, key.known.caller.id)
        jti = claims.get("jti")
        if expires is None or not isinstance(jti, str) or not _JTI.match(jti):
            return None
        first = await self.callers.use_once(key.known.caller.id, jti, expires + CLOCK_SKEW)
        return key.known if first else None

    @staticmethod
    def _holds(compact: Compact, key: AssertionKey) -> bool:
        try:
            if schemes.scheme_for_jose(compact.alg) is not key.scheme:
                return False
            schemes.verify_jose(
                key.scheme,
                spki=key.spki,
                message=compact.signing_input,
                value=compact.signature,
            )
        except InvalidSignature:
            return False
        return True

    def _expiry(self, claims: dict[str, object], caller: str) -> datetime | None:
        """When it ends, if everything it says is of this caller, this node and this hour."""
        iat, exp, now = claims.get("iat"), claims.get("exp"), self.clock()
        named = claims.get("iss") == caller and claims.get("sub", caller) == caller
        if set(claims) - _MEMBERS or not named or claims.get("aud") != self.node_id:
            return None
        if type(iat) is not int or type(exp) is not int:
            return None
        longest, skew = LONGEST // _SECOND, CLOCK_SKEW // _SECOND
        if not 0 <= iat < exp <= iat + longest:
            return None
        if not iat - skew <= now.timestamp() < exp + skew:
            return None
        return datetime.fromtimestamp(exp, UTC)  # near to now by then
