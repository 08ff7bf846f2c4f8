"""Tools of a forger of sealed files, and of a careless producer: one thing bent, the rest right.

What an outsider can do is done to the finished parts (`after`, `archived`); what needs a key is
done by whoever would hold it: the forger with keys of his own, or an insider with the issuer's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sandbox import ofd
from sandbox.archive import Entry
from sandbox.authorities import Unit
from sandbox.licenses import License
from sandbox.ofd import Bends, Job, Reference
from sandbox.pages import Made, Parts
from sandbox.ses import SealPlan, SignaturePlan
from sandbox.shapes import SHAPES, Shape
from sandbox.world import World

INVALID, OPEN, VALID = "invalid", "indeterminate", "valid"

OPEN_REASONS = frozenset(
    {
        "no_anchor",
        "signer_unidentified",
        "seal_maker_unknown",
        "key_revoked_since",
        "seal_maker_ended_since",
        "key_expired_since",
        "seal_ended_since",
        "revocation_unavailable",
        "identifier_unproven",
        "encrypted",
        "beyond_limits",
        "signature_unsupported",
        "copy_expiry_missing",
        "copy_matter_unproven",
    }
)
"""Nothing is proven false; something is not proven. Every other reason makes a file invalid."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the issuer is scripted to say: in force, this file not known, no fact compared.

    So that neither of the two closings applies, and the file has to stand by itself.
    """

    outcome: int = 0
    document: str = "unknown"
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """The license under attack and the shape its file has."""

    world: World
    license: License
    shape: Shape

    @property
    def made(self) -> Made:
        return self.world.made(self.license)

    @property
    def job(self) -> Job:
        return self.world.job(self.license)

    @property
    def parts(self) -> Parts:
        """Of the honest file."""
        return ofd.sealed(self.made, self.shape, self.job)

    def day(self, days: int) -> datetime:
        """That many days from the world's day, at nine in the morning."""
        return self.world.authorities.day(days) + timedelta(hours=9)


Forge = Callable[[Scene], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfdAttack:
    """One way to be deceived by a sealed file, and the word it must fail with."""

    name: str
    reason: str | None
    """None: nothing is wrong enough; the file stays valid."""
    threats: tuple[str, ...]
    """Of the threat catalogue."""
    forge: Forge
    also: tuple[str, ...] = ()
    """Other right reasons, where one forgery breaks several things at once."""
    shape: str = "tax"
    issuer: str = "traffic"
    """Keeps no complete index of files: a digest it does not know is `unknown`, not `differs`."""
    genuine: Forge | None = None
    """The untouched twin, where it is not simply the license in its shape."""
    answer: Answer = Answer()
    matter: str | None = None
    """事项编码 the caller verifies for, in file and twin alike."""
    trust: str = "trust"
    """Folder of what the verifier trusts: `trust-joint` has a type that asks for two seals."""

    @property
    def conclusion(self) -> str:
        if self.reason is None:
            return VALID
        return OPEN if self.reason in OPEN_REASONS else INVALID

    @property
    def zh(self) -> str:
        return _texts()[self.name][0]

    @property
    def en(self) -> str:
        return _texts()[self.name][1]

    def scene(self, world: World) -> Scene:
        return Scene(world, world.pick(self.issuer), SHAPES[self.shape])

    def make(self, world: World) -> bytes:
        return self.forge(self.scene(world))

    def twin(self, world: World) -> bytes:
        return (self.genuine or honest)(self.scene(world))


def attack(
    name: str,
    reason: str | None,
    threats: str,
    forge: Forge,
    *,
    also: tuple[str, ...] = (),
    shape: str = "tax",
    genuine: Forge | None = None,
) -> OfdAttack:
    """A row of the tables; `threats` are parted by spaces."""
    return OfdAttack(
        name=name,
        reason=reason,
        threats=tuple(threats.split()),
        forge=forge,
        also=also,
        shape=shape,
        genuine=genuine,
    )


@cache
def _texts() -> Mapping[str, tuple[str, str]]:
    """Name → a sentence in Chinese and in English, from ofd_why.tsv."""
    lines = Path(__file__).with_name("ofd_why.tsv").read_text(encoding="utf-8").splitlines()
    return {name: (zh, en) for name, zh, en in (line.split("\t") for line in lines)}


def honest(scene: Scene) -> bytes:
    return ofd.write(scene.made, scene.shape, scene.job)


# ---- by whoever holds the keys


def sealing(
    bends: Bends | None = None,
    *,
    method: str | None = None,
    check_method: str | None = None,
    clock: Callable[[Scene], str] | None = None,
    at: Callable[[Scene], datetime] | None = None,
) -> Forge:
    """Sealed by the issuer's own hand, with something bent on the way."""

    def forge(scene: Scene) -> bytes:
        job = replace(
            scene.job,
            bends=bends or Bends(),
            method=method,
            check_method=check_method,
            clock=clock(scene) if clock else None,
        )
        if at is not None:
            job = replace(job, at=at(scene))
        return ofd.write(scene.made, scene.shape, job)

    return forge


def seal_bent(change: Callable[[SealPlan], SealPlan]) -> Forge:
    return sealing(Bends(seal=change))


def signature_bent(change: Callable[[SignaturePlan], SignaturePlan]) -> Forge:
    return sealing(Bends(signature=change))


def described(change: Callable[[bytes], bytes]) -> Forge:
    """Signature.xml changed before it is signed."""
    return sealing(Bends(description=change))


def referring(change: Callable[[list[Reference]], list[Reference]]) -> Forge:
    return sealing(Bends(references=change))


def uncovered(part: str, change: Callable[[bytes], bytes]) -> Forge:
    """A producer left the part out of References; then somebody changed it."""

    def without(parts: Parts) -> Parts:
        return {name: content for name, content in parts.items() if name != part}

    return sealing(Bends(covered=without, after=edited(part, change)))


def with_unit(
    unit: Callable[[Scene], Unit],
    *,
    listed: bool = True,
    at: Callable[[Scene], datetime] | None = None,
    seal: Callable[[SealPlan], SealPlan] = ofd.same_seal,
) -> Forge:
    """Sealed by another certificate, for which the seal was made anew (unless not `listed`)."""

    def forge(scene: Scene) -> bytes:
        chosen = unit(scene)

        def remade(plan: SealPlan) -> SealPlan:
            return seal(replace(plan, certificates=(chosen.certificate,)) if listed else plan)

        job = replace(scene.job, unit=chosen, bends=Bends(seal=remade))
        if at is not None:
            job = replace(job, at=at(scene))
        return ofd.write(scene.made, scene.shape, job)

    return forge


def sealed_by(holder: str, *, at: int | None = None) -> Forge:
    """The whole sealing by another seal of this world, honestly used."""

    def forge(scene: Scene) -> bytes:
        job = replace(scene.job, holder=scene.world.seals.holders[holder])
        if at is not None:
            job = replace(job, at=scene.day(at))
        return ofd.write(scene.made, scene.shape, job)

    return forge


# ---- by anybody


def after(change: Callable[[Parts], Parts]) -> Forge:
    """The honest parts, changed afterwards."""
    return lambda scene: ofd.pack(change(scene.parts), scene.shape)


def changed(part: str, change: Callable[[bytes], bytes]) -> Forge:
    return after(edited(part, change))


def archived(change: Callable[[list[Entry]], bytes]) -> Forge:
    """The honest parts, packed by another hand."""
    return lambda scene: change(ofd.entries_of(scene.parts, scene.shape))


def edited(part: str, change: Callable[[bytes], bytes]) -> Callable[[Parts], Parts]:
    def edit(parts: Parts) -> Parts:
        return {**parts, part: change(parts[part])}

    return edit


def once(old: str | bytes, new: str | bytes) -> Callable[[bytes], bytes]:
    """Replace the first occurrence; a forgery that changes nothing is an error here.

    Raises:
        ValueError: `old` does not occur.
    """
    before, put = (t.encode() if isinstance(t, str) else t for t in (old, new))

    def change(content: bytes) -> bytes:
        if before not in content:
            raise ValueError(f"nothing to change: {before[:40]!r} does not occur")
        return content.replace(before, put, 1)

    return change
