"""What is measured alike of every entry of the list of signatures, sealed or not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf

from app.checks.arithmetic import VALUES
from app.crypto.ses.verify import VerifiedValue
from app.domain.clocks import CLOCKS_AGREE
from app.domain.facts import SignatureFacts, Value
from app.domain.identifier import IssuerCode
from app.domain.license import KeyId, PdfSealing, Sealing
from app.domain.ofd import SignatureType, Stamp
from app.domain.scheme import Scheme
from app.domain.seal import SealPicture, ValueForm
from app.domain.sealed import Arithmetic, Clocks, Edge, SealedFacts, StampFacts
from app.domain.signing_time import read_signing_time

EIGHT_HOURS = timedelta(hours=8)
_UNREAD = "unread"
_TENTH = 10
_EDGE = 0.05
"""Millimetres that rounding may put a seal beyond an edge."""


def signature_facts(
    sealing: Sealing | PdfSealing,
    sealed: SealedFacts,
    verified: tuple[Arithmetic, str, VerifiedValue | None],
    signed_at: datetime | None,
) -> SignatureFacts:
    """The facts of an entry whose value could be read."""
    (value, detail, found), signer = verified, sealed.signer
    codes = signer.organisation_codes if signer else ()
    return SignatureFacts(
        label=sealing.label,
        scheme=found.scheme if found else Scheme.SM2_SM3,
        signer=IssuerCode(codes[0] if codes else ""),
        key_id=KeyId(signer.sha256 if signer else _UNREAD),
        covers=sealing.covers,
        covers_copy=sealing.covers_copy,
        signed_at=signed_at,
        value=VALUES[value],
        detail=detail,
        sealed=sealed,
    )


def unjudged(sealing: Sealing | PdfSealing, value: Value, why: str) -> SignatureFacts:
    """The facts of an entry of which nothing can be said but why."""
    return SignatureFacts(
        label=sealing.label,
        scheme=Scheme.SM2_SM3,
        signer=IssuerCode(""),
        key_id=KeyId(_UNREAD),
        covers=frozenset(),
        signed_at=None,
        value=value,
        detail=why,
    )


def type_differs(sealing: Sealing) -> bool:
    """The list's Type against the value: Seal is a 签章, Sign a 签名 (GM/T 0099-2020 7.2.2)."""
    return (sealing.entry.type is SignatureType.SEAL) != (sealing.form is ValueForm.SEAL)


def stamps(sealing: Sealing, picture: SealPicture | None = None) -> StampFacts | None:
    """The pictures it draws, whether anybody can see them, and whether as the seal says."""
    drawn = sealing.entry.stamps
    if not drawn:
        return None
    return StampFacts(
        count=len(drawn),
        pages=len({stamp.page for stamp in drawn}),
        unseen=sum(_unseen(stamp) for stamp in drawn),
        clipped=sum(stamp.clip is not None for stamp in drawn),
        resized=sum(_resized(stamp, picture) for stamp in drawn) if picture else 0,
        over=tuple(edge for edge in Edge if any(_over(stamp)[edge] > _EDGE for stamp in drawn)),
    )


def _resized(stamp: Stamp, picture: SealPicture) -> bool:
    """Millimetres against millimetres, both ways up: producers do not agree which is the width."""
    at = stamp.boundary
    pairs = zip(sorted((at.width, at.height)), sorted((picture.width, picture.height)), strict=True)
    whole = stamp.clip is None
    return whole and any(abs(drawn - said) * _TENTH >= said for drawn, said in pairs)


def _unseen(stamp: Stamp) -> bool:
    boxes = (stamp.boundary, stamp.clip) if stamp.clip else (stamp.boundary,)
    flat = any(box.width <= 0 or box.height <= 0 for box in boxes)
    over = _over(stamp)
    across, down = stamp.drawn.width, stamp.drawn.height
    gone = max(over[Edge.LEFT], over[Edge.RIGHT]) >= across
    return flat or gone or max(over[Edge.TOP], over[Edge.BOTTOM]) >= down


def _over(stamp: Stamp) -> Mapping[Edge, float]:
    """Millimetres by which what is drawn reaches beyond each edge of its page. The page begins at
    0; where its size is not known it has no right and no lower edge.
    """
    at, sheet = stamp.drawn, stamp.sheet
    return {
        Edge.LEFT: -at.x,
        Edge.TOP: -at.y,
        Edge.RIGHT: at.x + at.width - (sheet.width if sheet else inf),
        Edge.BOTTOM: at.y + at.height - (sheet.height if sheet else inf),
    }


def clocks(declared: str | None, signed: datetime | None) -> Clocks:
    """The time as written beside the value, and the one inside it."""
    return clocks_of(read_signing_time(declared) if declared else None, signed)


def clocks_of(outer: datetime | None, signed: datetime | None) -> Clocks:
    """How two times of one act compare."""
    if outer is None or signed is None:
        return Clocks.ABSENT
    apart = abs(outer - signed)
    if apart <= CLOCKS_AGREE:
        return Clocks.SAME
    return Clocks.EIGHT_HOURS if abs(apart - EIGHT_HOURS) <= CLOCKS_AGREE else Clocks.DIFFERS
