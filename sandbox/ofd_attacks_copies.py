"""Attacks on annotated copies (加注件): their end, and what they were made for.

The share platform's seal is genuine throughout. What an outsider changes stands in an OFD.xml that
the seal leaves open; what the page bears is sealed.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox import ofd
from sandbox.copies import MATTER, UNTIL, Copy, compact
from sandbox.ofd import Bends, Job
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, edited, once
from sandbox.pages import OFD_XML, Parts

ASKED, OTHER = "11639900MB9902027X3000118001000", "11639900MB9902027X3000118002000"
"""事项编码: of the matter the caller verifies for, and of another."""
_DATA = "data"
_LATER = timedelta(days=3650)


def _copy(scene: Scene, days: int = 90, matter: str | None = None) -> Copy:
    return Copy(
        license=scene.license,
        maker=scene.world.body(_DATA).code,
        purpose="仅用于办理道路运输经营许可",
        matter=matter,
        made_at=scene.day(-20),
        expires=scene.day(days),
    )


def _parts(scene: Scene, copy: Copy, *, unshown: str | None = None) -> Parts:
    """Of the platform's file; the page may leave a term to OFD.xml."""
    made = scene.world.copied(copy)
    left = frozenset({unshown}) if unshown else made.unshown
    return ofd.sealed(replace(made, unshown=left), scene.shape, scene.world.copy_job(copy))


def genuine(*, matter: str | None = None, days: int = 90) -> Forge:
    """What the platform made, untouched."""
    return lambda scene: ofd.pack(_parts(scene, _copy(scene, days, matter)), scene.shape)


def _rewritten(
    old: Callable[[Copy], str],
    new: Callable[[Copy], str],
    *,
    unshown: str | None = None,
    matter: str | None = None,
) -> Forge:
    """A term rewritten in the open OFD.xml."""

    def forge(scene: Scene) -> bytes:
        copy = _copy(scene, matter=matter)
        change = once(f">{old(copy)}<", f">{new(copy)}<")
        return ofd.pack(edited(OFD_XML, change)(_parts(scene, copy, unshown=unshown)), scene.shape)

    return forge


def _end(copy: Copy) -> str:
    return compact(copy.expires)


def _later_end(copy: Copy) -> str:
    return compact(copy.expires + _LATER)


def _under_a_stranger(scene: Scene) -> bytes:
    """The end rewritten, and somebody nobody asked seals the whole file, OFD.xml included."""
    copy = _copy(scene)
    holder = scene.world.seals.holders["stranger-current"]
    change = edited(OFD_XML, once(f">{_end(copy)}<", f">{_later_end(copy)}<"))
    second = Job(holder=holder, at=copy.made_at, bends=Bends(draft=change))
    parts = _parts(scene, copy, unshown=UNTIL)
    return ofd.pack(
        ofd.put_seal(parts, replace(scene.shape, covers_ofd=True), second, 1), scene.shape
    )


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    threats, missing = "OFD-02 OFD-10", "copy_expiry_missing"
    for name, reason, forge in (
        ("run_out", "copy_expired", genuine(days=-3)),
        ("end_open", missing, _rewritten(_end, _later_end, unshown=UNTIL)),
        ("end_by_stranger", missing, _under_a_stranger),
        ("end_disagrees", "content_disagrees", _rewritten(_end, _later_end)),
    ):
        yield attack(f"copy_{name}", reason, threats, forge, shape="bank", genuine=genuine())
    open_matter = _rewritten(lambda _: OTHER, lambda _: ASKED, unshown=MATTER, matter=OTHER)
    for name, reason, forge in (
        ("for_another_matter", "copy_purpose_differs", genuine(matter=OTHER)),
        ("matter_open", "copy_matter_unproven", open_matter),
    ):
        twin = genuine(matter=ASKED)
        made = attack(f"copy_{name}", reason, threats, forge, shape="bank", genuine=twin)
        yield replace(made, matter=ASKED)
