"""Tools of a forger of signed PDF files: one thing bent, everything else right.

What an outsider can do is done behind the signed revision; what needs a key is done by whoever
would hold it: the forger with keys of his own, or an insider with the issuer's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox import pdf
from sandbox.attacks import REFUSED
from sandbox.licenses import License
from sandbox.ofd_forging import INVALID, OPEN, OPEN_REASONS, VALID
from sandbox.pdf import Paper, Signing
from sandbox.pdf_signing import KINDS, Hand
from sandbox.world import World

_OPEN = OPEN_REASONS | {"signature_unsupported"}


@dataclass(frozen=True, slots=True)
class PdfScene:
    """The license under attack and the way its file is signed."""

    world: World
    license: License
    kind: str

    @property
    def hand(self) -> Hand:
        return Hand(self.world, self.world.sealer(self.license), self.license.signed_at)

    @property
    def draft(self) -> Paper:
        """Not signed yet."""
        return pdf.write(self.world.made(self.license))

    @property
    def signing(self) -> Signing:
        return KINDS[self.kind](self.hand)

    @property
    def paper(self) -> Paper:
        """Honestly signed."""
        return pdf.sign(self.draft, self.signing)


Forge = Callable[[PdfScene], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfAttack:
    """One way to be deceived by a signed PDF, and the word it must fail with."""

    name: str
    reason: str | None
    """None: nothing is wrong; the file stays valid."""
    threats: tuple[str, ...]
    """Of the threat catalogue."""
    zh: str
    en: str
    forge: Forge
    also: tuple[str, ...] = ()
    """Other right reasons, where one forgery breaks several things at once."""
    kind: str = "seal"
    genuine: Forge | None = None
    """The untouched twin, where it is not simply the license signed in its way."""
    by: str | None = None
    """The body whose license it is, where the way of signing does not say."""
    trust: str = "trust"
    """Folder of what the verifier trusts: `trust-joint` has a type that asks for two seals."""

    @property
    def issuer(self) -> str:
        """Degrees need no seal, so they may be signed without one."""
        return self.by or ("traffic" if self.kind == "seal" else "university")

    @property
    def conclusion(self) -> str:
        if self.reason is None:
            return VALID
        if self.reason == "unrecognised":
            return REFUSED
        return OPEN if self.reason in _OPEN else INVALID

    def scene(self, world: World) -> PdfScene:
        return PdfScene(world, world.pick(self.issuer), self.kind)

    def make(self, world: World) -> bytes:
        return self.forge(self.scene(world))

    def twin(self, world: World) -> bytes:
        """The honest file of the same kind."""
        scene = self.scene(world)
        return self.genuine(scene) if self.genuine else scene.paper.content


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    """With the one place that says `old` saying `new`."""
    if content.count(old) != 1:
        raise ValueError(f"stands there {content.count(old)} times: {old!r}")
    return content.replace(old, new)
