"""Keys: never replaced under their name, never deleted, and a revocation is never taken back."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from app.crypto.keys import read_public_key
from app.domain.errors import InvalidKey, Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Window
from app.models import IssuerKeyRow, IssuerRow, Use
from app.registry import rows
from app.registry.entries import KeyEntry
from app.registry.merge import Change, Values, alone, merge, require
from app.registry.sessions import ReadSession, WriteSession


async def add_key(
    session: WriteSession,
    owner: IssuerCode,
    key_id: KeyId,
    key: bytes | str | Mapping[str, object],
    *,
    uses: frozenset[Use],
    window: Window,
    types: frozenset[TypeCode] | None = None,
    scheme: Scheme | None = None,
) -> Change:
    """Register a key: DER, PEM, JWK or certificate; RSA needs its scheme.

    Raises `Refused` for a key the ingest gate does not let in, for an unknown owner, and for a
    name or key that is already taken.
    """
    try:
        public = read_public_key(key, scheme)
    except InvalidKey as refused:
        raise Refused("key", f"the key is refused: {refused}") from refused
    if not uses:
        raise Refused("uses", "say what the key is used for: license, copy or answer")
    if window.until is not None and window.until <= window.since:
        raise Refused("not_after", "the key's time ends before it begins")
    entry = KeyEntry(
        owner=owner,
        key_id=key_id,
        scheme=public.scheme,
        spki=public.spki,
        uses=uses,
        types=types,
        window=window,
    )
    await alone(session)
    return (await put_keys(session, [entry], keep_revocation=True))[0]


async def revoke_key(
    session: WriteSession,
    owner: IssuerCode,
    key_id: KeyId,
    at: datetime,
    reason: str | None = None,
    *,
    correct: bool = False,
) -> Change:
    """Say from when a key is no longer good. A wrong date can be put right, not taken back.

    Args:
        session: of one transaction.
        owner: whose key it is.
        key_id: its name.
        at: from when; an earlier date than it has is taken as it is.
        reason: kept.
        correct: the date it has is known to be wrong, and this one may be later.

    Raises `Refused` where there is no such key, and for a later date that is not said to correct.
    """
    await alone(session)
    if await session.get(IssuerKeyRow, (owner, key_id)) is None:
        raise Refused("kid", f"{owner} has no key {key_id}: see `zhengyan key list`")
    ended = {"owner": owner, "key_id": key_id, "revoked_at": at, "revocation_reason": reason}
    return (await merge(session, IssuerKeyRow, [ended], None if correct else _guard_revocation))[0]


async def list_keys(session: ReadSession, owner: IssuerCode | None = None) -> list[KeyEntry]:
    """By owner and name; of one owner, or all."""
    r = IssuerKeyRow
    columns = (r.owner, r.key_id, r.scheme, r.spki, r.uses, r.types, r.not_before, r.not_after)
    query = select(*columns, r.revoked_at, r.revocation_reason).order_by(r.owner, r.key_id)
    if owner is not None:
        query = query.where(r.owner == owner)
    return [rows.key(row) for row in await session.execute(query)]


async def put_keys(
    session: WriteSession, keys: Sequence[KeyEntry], *, keep_revocation: bool = False
) -> list[Change]:
    """As `add_key`, for many that passed the gate; `keep_revocation`: nothing is said of it."""
    owners = {(f"keys[{k.key_id}].owner", k.owner) for k in keys}
    await require(session, IssuerRow.code, owners, "an issuer")
    wanted = [_key_values(key) for key in keys]
    await _refuse_taken(session, wanted)
    if keep_revocation:
        for values in wanted:
            del values["revoked_at"], values["revocation_reason"]
    return await merge(session, IssuerKeyRow, wanted, _guard_key)


def _key_values(key: KeyEntry) -> dict[str, object]:
    return {
        "owner": key.owner,
        "key_id": key.key_id,
        "scheme": key.scheme,
        "spki": key.spki,
        "sha256": hashlib.sha256(key.spki).digest(),
        "uses": sorted(key.uses),
        "types": None if key.types is None else sorted(key.types),
        "not_before": key.window.since,
        "not_after": key.window.until,
        "revoked_at": key.revoked_at,
        "revocation_reason": key.revocation_reason,
    }


async def _refuse_taken(session: ReadSession, wanted: Sequence[Values]) -> None:
    """One key, one name: otherwise a signature proves nobody's act."""
    r = IssuerKeyRow
    names = {values["sha256"]: (values["owner"], values["key_id"]) for values in wanted}
    query = select(r.sha256, r.owner, r.key_id).where(r.sha256.in_(names))
    for sha256, owner, key_id in await session.execute(query):
        if names[sha256] != (owner, key_id):
            kid = names[sha256][1]
            message = f"this very key is registered as {key_id} of {owner}: make a new one"
            raise Refused(f"keys[{kid}]", message)


def _guard_key(old: Values, new: Values) -> None:
    place = f"keys[{old['key_id']}]"
    if (old["spki"], old["scheme"]) != (new["spki"], new["scheme"]):
        message = "another key has this name, and a key is never replaced: choose a new kid"
        raise Refused(f"{place}.kid", message)
    _guard_revocation(old, new)


def _guard_revocation(old: Values, new: Values) -> None:
    revoked, at = old["revoked_at"], new.get("revoked_at", old["revoked_at"])
    if revoked is None:
        return
    place = f"keys[{old['key_id']}].revoked_at"
    if at is None:
        raise Refused(place, "the key was revoked, which is not taken back: register a new key")
    if at > revoked:
        message = f"it was revoked from {revoked.isoformat()} on, and this is later: what it signed"
        message += " between would count again. Where that date is wrong: `key revoke --correct`"
        raise Refused(place, message)
