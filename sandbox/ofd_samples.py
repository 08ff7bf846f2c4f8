"""Sealed OFD samples with their verdicts: a genuine file of each shape, states, forgeries."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sandbox.bodies import moment
from sandbox.jws import JsonObject
from sandbox.ofd_attacks import OFD_ATTACKS, TOLERATED
from sandbox.ofd_forging import INVALID, VALID
from sandbox.shapes import SHAPES
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class OfdSample:
    """A file for the eye, and its verdict where the issuer answers honestly."""

    name: str
    conclusion: str
    reason: str | None
    zh: str
    en: str
    content: bytes
    identifier: str | None
    """Of the license this file was issued for; None: nobody issued it."""

    @property
    def file(self) -> str:
        return f"samples/{self.name}.ofd"

    def told(self) -> JsonObject:
        return {
            "name": self.name,
            "file": self.file,
            "facts": None,
            "expect": {"conclusion": self.conclusion, "reason": self.reason},
            "zh": self.zh,
            "en": self.en,
        }


ISSUERS = ("market", "traffic", "university", "housing")
"""Their licenses stand in the shapes in turn."""
STATES: tuple[tuple[str, str, str, str, str | None, str, str], ...] = (
    ("delegated", "housing", "delegated", VALID, None,
     "由受委托的市局签章。", "Sealed by the city delegate."),
    ("renewed", "traffic", "renewed", VALID, None,
     "证面已过期，但已准予延续。", "Past its own date, but renewed."),
    ("expired", "market", "expired", INVALID, "ended",
     "签章成立，但有效期届满未延续。", "The seal holds; expired and not renewed."),
    ("annulled", "university", "annulled", INVALID, "ended",
     "签章成立，但学位已被撤销。", "The seal holds; the degree was annulled."),
    ("retired-seal", "university", "retired_key", VALID, None,
     "印章已停用，颁发机构确认了这份文件。", "The seal has retired; the issuer confirms the file."),
)  # fmt: skip
"""Name, issuer, scenario, conclusion, reason, and a sentence in two languages."""
FORGED = (
    "page_changed",
    "image_open",
    "second_body_first",
    "extra_program",
    "identifier_relabelled",
    "signatures_removed",
    "seal_painted",
    "stamp_moved",
    "value_one_bit",
    "seal_lists_forger",
    "unlisted_stranger",
    "signer_encryption",
    "revoked_seal_used",
    "sealed_by_university",
    "chain_of_ones_own",
    "xml_doctype",
    "zip_name_twice_last",
)
"""Attacks whose verdict does not hang on what the issuer compares."""


@lru_cache(maxsize=4)
def make_ofd_samples(world: World) -> tuple[OfdSample, ...]:
    return (*_shapes(world), *_states(world), *_copies(world), *_forged(world))


def _shapes(world: World) -> Iterator[OfdSample]:
    for ordinal, shape in enumerate(SHAPES):
        license = world.pick(ISSUERS[ordinal % len(ISSUERS)])
        zh, en = f"{license.name}，签章文件（{shape} 形态）。", f"A sealed file of shape {shape}."
        content = world.ofd(license, shape)
        yield OfdSample(f"sealed-{shape}", VALID, None, zh, en, content, license.id)


def _states(world: World) -> Iterator[OfdSample]:
    for name, issuer, scenario, conclusion, reason, zh, en in STATES:
        license = world.pick(issuer, scenario)
        content = world.ofd(license, "stamp-service")
        yield OfdSample(f"sealed-{name}", conclusion, reason, zh, en, content, license.id)


def _copies(world: World) -> Iterator[OfdSample]:
    good = world.copies[0]
    past = next(copy for copy in world.copies if copy.expired(moment(world.today)))
    for name, copy, conclusion, reason, zh, en in (
        ("sealed-copy", good, VALID, None,
         "加注件，由共享平台重新签章，在有效期内。",
         "An annotated copy sealed anew by the share platform, within its time."),
        ("sealed-copy-run-out", past, INVALID, "copy_expired",
         "加注件已过自身的使用期限，证照仍然有效。",
         "An annotated copy past its own end; the license is in force."),
    ):  # fmt: skip
        content = world.copy_ofd(copy, "stamp-service")
        yield OfdSample(name, conclusion, reason, zh, en, content, copy.license.id)


def _forged(world: World) -> Iterator[OfdSample]:
    for name in FORGED:
        attack = OFD_ATTACKS[name]
        file = f"sealed-forged-{name.replace('_', '-')}"
        content = attack.make(world)
        yield OfdSample(file, attack.conclusion, attack.reason, attack.zh, attack.en, content, None)
    beside = TOLERATED["stranger_seal_beside"]
    yield OfdSample(
        "sealed-stranger-beside", VALID, None, beside.zh, beside.en, beside.make(world),
        beside.scene(world).license.id,
    )  # fmt: skip
