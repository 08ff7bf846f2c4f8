"""Several seals on one document: joint sealing, cross-level sealing, personal seals, 骑缝章.

Construction permits need two departments' seals in the folder `trust-joint` (多部门联合签章): the
issuer's, and that of whoever it lets countersign. Its city bureau may seal in its place
(跨层级签章).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox import ofd, pages, pki
from sandbox.ofd import STAMP_BOX, Bends, Job
from sandbox.ofd_attacks_lists import LIST
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, edited, once
from sandbox.pages import DOCUMENT, Parts
from sandbox.registration import COUNTERSIGNER
from sandbox.seals import SealHolder

_LATER = timedelta(minutes=30)
ISSUER, CITY, SECOND = "housing-current", "city-housing-current", f"{COUNTERSIGNER}-current"
PERSONAL = 2
"""个人印章."""


def _holder(scene: Scene, name: str) -> SealHolder:
    return scene.world.seals.holders[name]


def sealed_by(*names: str, bends: Callable[[int], Bends] = lambda _: Bends()) -> Forge:
    """Sealed by these in turn, half an hour apart."""

    def forge(scene: Scene) -> bytes:
        jobs = (
            Job(
                holder=_holder(scene, name),
                at=scene.job.at + ordinal * _LATER,
                bends=bends(ordinal),
            )
            for ordinal, name in enumerate(names)
        )
        return ofd.write(scene.made, scene.shape, *jobs)

    return forge


def _joint(
    name: str,
    reason: str | None,
    forge: Forge,
    twin: Forge,
    *,
    also: tuple[str, ...] = (),
) -> OfdAttack:
    made = attack(name, reason, "OFD-27 OFD-32", forge, genuine=twin, also=also)
    return replace(made, issuer="housing", trust="trust-joint")


def _entry_dropped(number: int) -> Callable[[Parts], Parts]:
    """An open list without its entry of that number, and without its files."""

    def drop(parts: Parts) -> Parts:
        kept = {name: part for name, part in parts.items() if f"/Sign_{number}/" not in name}
        listed = kept[LIST]
        start = listed.index(f'<ofd:Signature ID="{number + 1}"'.encode())
        return {**kept, LIST: listed[:start] + listed[listed.index(b"/>", start) + 2 :]}

    return drop


def _at(number: int, bends: Bends) -> Callable[[int], Bends]:
    return lambda ordinal: bends if ordinal == number else Bends()


def _broken(value: bytes) -> bytes:
    return value[:-1] + bytes((value[-1] ^ 1,))


def joint() -> Iterator[OfdAttack]:
    both = sealed_by(ISSUER, SECOND)
    missing = "role_missing"
    for name, reason, forge, also in (
        ("second_never_sealed", missing, sealed_by(ISSUER), ()),
        ("issuer_never_sealed", "signer_not_issuer", sealed_by(SECOND), ()),
        ("issuer_twice", missing, sealed_by(ISSUER, ISSUER), ()),
        ("second_twice", "signer_not_issuer", sealed_by(SECOND, SECOND), ()),
        (
            "second_dropped",
            missing,
            sealed_by(ISSUER, SECOND, bends=_at(1, Bends(after=_entry_dropped(1)))),
            (),
        ),
        (
            "second_by_another_department",
            missing,
            sealed_by(ISSUER, "university-current"),
            (),
        ),
        (
            "second_by_a_stranger",
            "seal_maker_unknown",
            sealed_by(ISSUER, "stranger-current"),
            ("no_anchor", "role_missing"),
        ),
        (
            "second_broken",
            "signature_invalid",
            sealed_by(ISSUER, SECOND, bends=_at(1, Bends(value=_broken))),
            (),
        ),
        (
            "first_broken",
            "signature_invalid",
            sealed_by(ISSUER, SECOND, bends=_at(0, Bends(value=_broken))),
            (),
        ),
        (
            "second_by_a_stolen_seal",
            "key_revoked_since",
            sealed_by(ISSUER, "market-revoked"),
            ("seal_ended_since", "signed_after_revocation"),
        ),
    ):
        yield _joint(f"joint_{name}", reason, forge, both, also=also)
    yield _joint("joint_third_after_whole", "content_changed", _locked(third=True), _locked())


def _locked(*, third: bool = False) -> Forge:
    """The first may be followed (ContinueSign); the second covers the list (WholeProtected)."""

    def forge(scene: Scene) -> bytes:
        at = scene.job.at
        parts = ofd.sealed(scene.made, scene.shape, Job(holder=_holder(scene, ISSUER), at=at))
        second = Job(holder=_holder(scene, SECOND), at=at + _LATER)
        parts = ofd.put_seal(parts, replace(scene.shape, covers_list=True), second, 1)
        if third:
            more = Job(holder=_holder(scene, "university-current"), at=at + 2 * _LATER)
            parts = ofd.put_seal(parts, scene.shape, more, 2)
        return ofd.pack(parts, scene.shape)

    return forge


def cross_level() -> Iterator[OfdAttack]:
    """The city bureau seals for the department it is delegated by; nobody else's city does."""
    both = sealed_by(CITY, SECOND)
    yield _joint("cross_level_alone", "role_missing", sealed_by(CITY), both)
    yield _joint("cross_level_by_another_city", "signer_not_issuer",
                 sealed_by("traffic-current", SECOND), both)  # fmt: skip


# ---- 个人印章


def _personal(scene: Scene) -> SealHolder:
    """A person's seal under the same authorities: type 2, no organisation code anywhere."""
    holder, made = scene.job.holder, scene.world.authorities
    who = pki.subject(C="CN", O="云海市", CN="张三（虚构）")
    unit = made.unit("person", who, (-730, 1500))
    plan = replace(
        holder.plan, id="63990100009999", name="张三（虚构）", type=PERSONAL,
        certificates=(unit.certificate,), list_type=1,
    )  # fmt: skip
    return replace(holder, name="person", code="63990100009999", unit=unit, plan=plan)


def _by_a_person(scene: Scene) -> bytes:
    return ofd.write(scene.made, scene.shape, replace(scene.job, holder=_personal(scene)))


def _beside_a_person(scene: Scene) -> bytes:
    person = Job(holder=_personal(scene), at=scene.job.at + _LATER)
    return ofd.write(scene.made, scene.shape, scene.job, person)


def personal() -> Iterator[OfdAttack]:
    """A person is no department, whatever the license names."""
    yield attack("personal_seal_alone", "signer_unidentified", "OFD-10 CRT-11", _by_a_person,
                 also=("signer_not_issuer",), genuine=_beside_a_person)  # fmt: skip


# ---- 骑缝章


_SECOND_PAGE = "Doc_0/Pages/Page_1/Content.xml"


def _two_pages(scene: Scene) -> Callable[[Parts], Parts]:
    page = pages.element(scene.shape, "Page", "<ofd:Content/>")
    end = "</ofd:Pages>"
    entry = '<ofd:Page ID="99" BaseLoc="Pages/Page_1/Content.xml"/>'

    def draft(parts: Parts) -> Parts:
        return {**edited(DOCUMENT, once(end, entry + end))(parts), _SECOND_PAGE: page}

    return draft


def _halves(second: int = 99, clip: str = "19 0 19 38") -> str:
    x, y, width, height = STAMP_BOX.split()
    del x
    return (
        f'<ofd:StampAnnot ID="1" PageRef="3" Boundary="191 {y} {width} {height}" '
        'Clip="0 0 19 38"/>'
        f'<ofd:StampAnnot ID="2" PageRef="{second}" Boundary="191 {y} {width} {height}" '
        f'Clip="{clip}"/>'
    )


def riding(bends: Callable[[Scene], Bends] | None = None, stamps: str | None = None) -> Forge:
    """One signature whose picture is drawn in two halves on two pages."""

    def forge(scene: Scene) -> bytes:
        chosen = bends(scene) if bends else Bends(draft=_two_pages(scene))
        job = replace(scene.job, bends=chosen, stamps=stamps or _halves())
        return ofd.write(scene.made, scene.shape, job)

    return forge


def _page_open(scene: Scene) -> Bends:
    def without(parts: Parts) -> Parts:
        return {name: part for name, part in parts.items() if name != _SECOND_PAGE}

    return Bends(draft=_two_pages(scene), covered=without)


def _half_moved(scene: Scene) -> Bends:
    signature = "Doc_0/Signs/Sign_0/Signature.xml"
    return Bends(
        draft=_two_pages(scene), after=edited(signature, once('PageRef="99"', 'PageRef="3"'))
    )


def _page_changed(scene: Scene) -> Bends:
    change = edited(_SECOND_PAGE, once("<ofd:Content/>", "<ofd:Content></ofd:Content>"))
    return Bends(draft=_two_pages(scene), after=change)


def ridden() -> Iterator[OfdAttack]:
    for name, reason, bends in (
        ("second_page_open", "not_covered", _page_open),
        ("second_page_changed", "content_changed", _page_changed),
        ("half_moved", "data_hash_differs", _half_moved),
    ):
        yield attack(f"riding_{name}", reason, "OFD-32 OFD-25", riding(bends),
                     genuine=riding())  # fmt: skip


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (joint, cross_level, personal, ridden):
        yield from family()


def tolerated() -> Iterator[OfdAttack]:
    """Several seals, or several pictures, and valid."""
    both = sealed_by(ISSUER, SECOND)
    for name, forge in (
        ("joint_sealing", both),
        ("joint_sealing_in_the_other_order", sealed_by(SECOND, ISSUER)),
        ("joint_sealing_and_one_more", sealed_by(ISSUER, SECOND, "university-current")),
        ("cross_level_sealing", sealed_by(CITY, SECOND)),
        ("joint_sealing_locked_by_the_second", _locked()),
    ):
        yield _joint(name, None, forge, sealed_by(ISSUER, SECOND))
    yield attack("personal_seal_beside", None, "OFD-10", _beside_a_person)
    yield attack("riding_seal", None, "OFD-25 OFD-32", riding())
    yield attack(
        "riding_half_unseen", None, "OFD-25 OFD-32", riding(stamps=_halves(clip="0 0 0 0"))
    )
