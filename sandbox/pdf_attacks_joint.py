"""Several seals on one PDF (多部门联合签章), and who has to be among those who sign (PDF-10).

Construction permits need two departments' seals in the folder `trust-joint`: the issuer's, and that
of whoever it lets countersign. A second seal is put in a field nobody sees, or in one that showed
its picture already when the first department signed: what is seen never changes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox import pdf
from sandbox.pdf import Draft, Paper, Signing
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene
from sandbox.pdf_signing import Hand, seal_value, stamped, validation_data
from sandbox.registration import COUNTERSIGNER
from sandbox.ses import SignaturePlan

ISSUER, SECOND = "housing-current", f"{COUNTERSIGNER}-current"
OTHER, STRANGER = "university-current", "stranger-current"
_LATER = timedelta(minutes=30)
_FIRST_FIELD = 80
_PICTURE = b"1 0 0 RG 0 0 99 99 re S"
_BOX = " /Type /XObject /Subtype /Form /BBox [0 0 100 100]"


def _entries(place: int) -> bytes:
    """A field with its picture, for the seal of that ordinal."""
    number = _FIRST_FIELD + 2 * place
    left = 100 + 150 * place
    return (
        f"/FT /Sig /T (Seal{place}) /Type /Annot /Subtype /Widget /F 132 /P {pdf.PAGE} 0 R"
        f" /Rect [{left} 100 {left + 100} 200] /AP <</N {number + 1} 0 R>>"
    ).encode()


def _prepared(scene: PdfScene, fields: int) -> Paper:
    """The document with fields for seals, each with its picture, and none signed."""
    numbers = tuple(_FIRST_FIELD + 2 * n for n in range(fields))

    def before(draft: Draft) -> None:
        for place, number in enumerate(numbers):
            draft.objects[number] = b"<<" + _entries(place) + b">>"
            draft.objects[number + 1] = pdf.stream(_PICTURE, _BOX)

    paper = pdf.write(scene.world.made(scene.license), before)
    paper, changed = pdf.with_form(replace(paper, fields=numbers, annotations=numbers))
    return pdf.save(paper, changed)


@dataclass(frozen=True, slots=True)
class _Seal:
    """One seal of several."""

    by: str
    unseen: bool = False
    bend: Callable[[Signing], Signing] = lambda signing: signing
    value: Callable[[SignaturePlan], SignaturePlan] = lambda plan: plan


def _sealed(*seals: _Seal, after: Callable[[PdfScene, Paper, int], Paper] | None = None) -> Forge:
    """Sealed by these in turn; `after` each of them, the paper may be saved again."""

    def forge(scene: PdfScene) -> bytes:
        paper = _prepared(scene, len(seals))
        for place, seal in enumerate(seals):
            at = scene.hand.at + place * _LATER
            hand = Hand(scene.world, scene.world.seals.holders[seal.by], at)
            into = None if seal.unseen else (_FIRST_FIELD + 2 * place, _entries(place))
            value = seal_value(hand, signature=seal.value)
            paper = pdf.sign(paper, seal.bend(Signing(value=value, at=at, into=into)))
            if after is not None:
                paper = after(scene, paper, place)
        return paper.content

    return forge


def _by(*names: str) -> Forge:
    return _sealed(*(_Seal(name) for name in names))


def _once(place: int, change: Callable[[Paper], Paper]) -> Callable[[PdfScene, Paper, int], Paper]:
    """Saved once more after the seal of that ordinal."""
    return lambda _, paper, now: change(paper) if now == place else paper


def _drawn(paper: Paper) -> Paper:
    return pdf.save(paper, {pdf.CONTENTS: pdf.stream(b"BT /F1 12 Tf 72 700 Td <4E2A> Tj ET")})


def _other_picture(signing: Signing) -> Signing:
    """The seal's picture is replaced while it is put."""
    picture = pdf.stream(b"0 g 0 0 99 99 re f", _BOX)
    return replace(signing, objects={_FIRST_FIELD + 3: picture})


def _moved(signing: Signing) -> Signing:
    """The field is moved over the text while it is signed."""
    return replace(
        signing,
        into=(_FIRST_FIELD + 2, _entries(1).replace(b"[250 100 350 200]", b"[70 700 300 780]")),
    )


def _with_own_picture(signing: Signing) -> Signing:
    """A field of its own with a picture of its own, behind the first seal."""
    return replace(signing, into=None, rect="[250 300 350 400]", appearance=_PICTURE)


def _certifying(signing: Signing) -> Signing:
    more = (
        " /Reference [<</Type /SigRef /TransformMethod /DocMDP"
        " /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]"
    )
    return replace(signing, more=more)


def _broken(signing: Signing) -> Signing:
    def value(covered: bytes) -> bytes:
        found = signing.value(covered)
        return found[:-1] + bytes([found[-1] ^ 1])

    return replace(signing, value=value)


def _proof(scene: PdfScene, paper: Paper, _: int) -> Paper:
    return validation_data(paper, scene.world.authorities)


def _long_term(scene: PdfScene, paper: Paper, place: int) -> Paper:
    """PAdES-LTA behind the last of two seals, twice over."""
    if place == 0:
        return paper
    for minute in (1, 2):
        paper = validation_data(paper, scene.world.authorities)
        at = scene.hand.at + _LATER + timedelta(minutes=minute)
        paper = pdf.sign(paper, stamped(replace(scene.hand, at=at)))
    return paper


def _joint(
    name: str,
    reason: str | None,
    words: tuple[str, str],
    forge: Forge,
    also: tuple[str, ...] = (),
) -> PdfAttack:
    return PdfAttack(
        name=f"joint_{name}",
        reason=reason,
        threats=() if reason is None else ("PDF-10",),
        zh=f"{words[0]}。",
        en=f"{words[1]}.",
        forge=forge,
        also=also,
        genuine=_by(ISSUER, SECOND),
        by="housing",
        trust="trust-joint",
    )


def attacks() -> Iterator[PdfAttack]:
    """PDF-10, and PDF-05 between two seals."""
    first, second = _Seal(ISSUER), _Seal(SECOND)
    missing, changed = "role_missing", "changed_after_signing"
    for name, reason, zh, en, forge in (
        (
            "second_never_sealed",
            missing,
            "第二个部门没有签章",
            "The second department never sealed",
            _by(ISSUER),
        ),
        (
            "issuer_never_sealed",
            "signer_not_issuer",
            "颁发机构没有签章",
            "The issuer never sealed",
            _by(SECOND),
        ),
        (
            "issuer_twice",
            missing,
            "颁发机构签了两次",
            "The issuer sealed twice",
            _by(ISSUER, ISSUER),
        ),
        (
            "second_by_another",
            missing,
            "第二个签章是别的部门",
            "Another department sealed second",
            _by(ISSUER, OTHER),
        ),
        (
            "second_by_a_stranger",
            "seal_maker_unknown",
            "第二个签章来自未登记的机构",
            "A stranger sealed second",
            _by(ISSUER, STRANGER),
        ),
        (
            "first_broken",
            "signature_invalid",
            "第一个签章值被改",
            "The first seal's value was changed",
            _sealed(replace(first, bend=_broken), second),
        ),
        (
            "second_broken",
            "signature_invalid",
            "第二个签章值被改",
            "The second seal's value was changed",
            _sealed(first, replace(second, bend=_broken)),
        ),
        (
            "changed_between",
            changed,
            "两次签章之间改了页面，第二个签章覆盖改动",
            "The page was changed between the seals; the second covers it",
            _sealed(first, second, after=_once(0, _drawn)),
        ),
        (
            "changed_after",
            changed,
            "两次签章之后改了页面",
            "The page was changed behind both",
            _sealed(first, second, after=_once(1, _drawn)),
        ),
        (
            "other_picture",
            changed,
            "第二次签章时换了印章图片",
            "The second seal's picture was replaced while it was put",
            _sealed(first, replace(second, bend=_other_picture)),
        ),
        (
            "moved",
            changed,
            "第二次签章时移动了签名域",
            "The second seal's field was moved while it was signed",
            _sealed(first, replace(second, bend=_moved)),
        ),
        (
            "own_picture",
            changed,
            "第二个签章另加可见域",
            "The second seal brings a field and a picture of its own",
            _sealed(first, replace(second, bend=_with_own_picture)),
        ),
        (
            "behind_a_last",
            changed,
            "第一个签名认证为不许任何改动",
            "The first seal permits none behind it (DocMDP P 1)",
            _sealed(replace(first, bend=_certifying), second),
        ),
    ):
        also = ("no_anchor", missing) if reason == "seal_maker_unknown" else ()
        yield _joint(name, reason, (zh, en), forge, also)


def tolerated() -> Iterator[PdfAttack]:
    """Joint seals as they should be."""
    first, second = _Seal(ISSUER), _Seal(SECOND)
    for name, zh, en, forge in (
        ("visible", "两个可见签章", "Two visible seals", _by(ISSUER, SECOND)),
        (
            "other_order",
            "两个可见签章，次序相反",
            "Two visible seals in the other order",
            _by(SECOND, ISSUER),
        ),
        ("three", "三个可见签章", "Three visible seals", _by(ISSUER, SECOND, OTHER)),
        (
            "unseen",
            "第二个签章不可见",
            "A second seal nobody sees",
            _sealed(first, replace(second, unseen=True)),
        ),
        (
            "long_term",
            "两个可见签章后的长期存档",
            "Two visible seals kept for the long term",
            _sealed(first, second, after=_long_term),
        ),
        (
            "proof_between",
            "每次签章后补充验证数据",
            "Validation data behind each seal",
            _sealed(first, second, after=_proof),
        ),
    ):
        yield _joint(name, None, (zh, en), forge)
