"""Writes conformance/cases and conformance/trust: the same bytes on every machine.

    python -m conformance.make            writes them anew
    python -m conformance.make --check    says whether they are what this makes; exit 1 if not

One folder a case, for one seed and one day of the sandbox. Nothing of any verifier is used.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sandbox import photo_cases as photos
from sandbox.attacks import ATTACKS, OPEN, REFUSED, VALID
from sandbox.bodies import moment
from sandbox.document_attacks import ATTACKS as DOCUMENT_ATTACKS
from sandbox.document_attacks import SEAL_ATTACKS, DocumentAttack
from sandbox.documents import PARTIES, Hands
from sandbox.licenses import License
from sandbox.ofd_attacks import OFD_ATTACKS, TOLERATED
from sandbox.ofd_forging import OfdAttack
from sandbox.pdf_attacks import PDF_ATTACKS, PDF_TOLERATED
from sandbox.registration import registration
from sandbox.shapes import SHAPES
from sandbox.trust import authorities
from sandbox.world import World

SEED, DAY = 1, date(2026, 11, 25)
NOON = "2026-11-25T04:00:00Z"
"""In Beijing, where the world's days are; the time every case is judged at."""
ROOT = Path(__file__).parent
TRUST, JOINT, PARTIED = "trust", "trust-joint", "trust-documents"
"""Folders of what a verifier trusts: in the second, permits need the seals of two departments; in
the third, parties of contracts have platforms that answer about their own seals.
"""
ANYBODY = "any"
"""In `signers`: whoever sealed."""
IN_FORCE: Mapping[str, object] = {
    "outcome": 0,
    "document": "unknown",
    "facts": {},
    "signed": True,
    "speaker": "issuer",
    "as_of": NOON,
}
"""The issuer: in force, this file not known to me, no fact compared."""


Twin = tuple[bytes, str | None, str]
"""Content, matter and trust of a genuine file."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    file: str
    content: bytes = field(repr=False)
    conclusion: str
    reason: str | None
    zh: str
    en: str
    threats: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    twin: str | None = None
    matter: str | None = None
    trust: str = TRUST
    signers: str | None = None
    """Of a document that is no license: whose seals are expected, codes with commas, or ANYBODY."""
    seals: Mapping[str, object] = field(default_factory=dict)
    """印章编码 → what its owner says of it, where that is not IN_FORCE; None: nothing."""

    @property
    def folder(self) -> str:
        return self.name if self.conclusion == VALID else f"{self.name}_fail"

    def expect(self) -> dict[str, object]:
        return {
            "conclusion": self.conclusion,
            "reason": self.reason,
            "also": list(self.also),
            "at": NOON,
            "why": {"zh": self.zh, "en": self.en},
            "threats": list(self.threats),
            "twin": self.twin,
            **({} if self.matter is None else {"matter": self.matter}),
            **({} if self.signers is None else {"signers": self.signers}),
            **({} if self.trust == TRUST else {"trust": self.trust}),
        }

    def answer(self) -> dict[str, object]:
        return {**IN_FORCE, **({"seals": self.seals} if self.seals else {})}


def cases(world: World) -> Iterator[Case]:
    """All of them; a twin comes before the first case that names it."""
    twins: dict[Twin, str] = {}
    license = world.pick("traffic")
    for shape in SHAPES:
        content = world.ofd(license, shape)
        twins[content, None, TRUST] = f"ofd-{shape}"
        zh, en = f"真实的签章文件（{shape} 形态）。", f"A genuine sealed file of shape {shape}."
        yield Case(twins[content, None, TRUST], "input.ofd", content, VALID, None, zh, en)
    for attack in (*OFD_ATTACKS.values(), *TOLERATED.values()):
        yield from _sealed(world, attack, twins)
    yield from _signed_pdf(world)
    yield from _tokens(world, license)
    yield from _photos(world, license)
    yield from _documents(world)


def _sealed(world: World, attack: OfdAttack, twins: dict[Twin, str]) -> Iterator[Case]:
    twin = attack.twin(world), attack.matter, attack.trust
    if twin not in twins:
        twins[twin] = f"ofd-before-{attack.name.replace('_', '-')}"
        zh, en = "真实的签章文件。", "A genuine sealed file."
        yield Case(
            twins[twin], "input.ofd", twin[0], VALID, None, zh, en,
            matter=attack.matter, trust=attack.trust,
        )  # fmt: skip
    yield Case(
        f"ofd-{attack.name.replace('_', '-')}",
        "input.ofd",
        attack.make(world),
        attack.conclusion,
        attack.reason,
        attack.zh,
        attack.en,
        attack.threats,
        attack.also,
        twins[twin],
        attack.matter,
        attack.trust,
    )


def _signed_pdf(world: World) -> Iterator[Case]:
    """Signed and sealed PDF files; every kind of genuine signature is a twin."""
    twins: dict[tuple[bytes, str], str] = {}
    for attack in (*PDF_ATTACKS.values(), *PDF_TOLERATED.values()):
        content = attack.twin(world)
        twin = content, attack.trust
        if twin not in twins:
            name = attack.name.replace("_", "-")
            twins[twin] = f"pdf-before-{name}" if attack.genuine else f"pdf-{attack.kind}"
            zh, en = f"真实的签名文件（{attack.kind}）。", f"A genuine signed file: {attack.kind}."
            yield Case(twins[twin], "input.pdf", content, VALID, None, zh, en, trust=attack.trust)
        yield Case(
            f"pdf-{attack.name.replace('_', '-')}",
            "input.pdf",
            attack.make(world),
            attack.conclusion,
            attack.reason,
            attack.zh,
            attack.en,
            attack.threats,
            attack.also,
            twins[twin],
            trust=attack.trust,
        )


def _tokens(world: World, license: License) -> Iterator[Case]:
    """Tokens that fail whatever the issuer says, or stay open when it compares nothing."""
    genuine = "jws-traffic"
    zh, en = "真实的证照令牌。", "A genuine license token."
    yield Case(genuine, "input.jws", world.token(license), VALID, None, zh, en)
    for attack in ATTACKS.values():
        if attack.conclusion == VALID or (attack.asks and attack.conclusion != OPEN):
            continue
        words = attack.name.replace("_", " ")
        yield Case(
            f"jws-{attack.name.replace('_', '-')}",
            "input.jws",
            attack.make(world),
            attack.conclusion,
            attack.reason,
            f"令牌：{words}。",
            f"Token: {words}.",
            twin=genuine,
            also=("malformed",) if attack.conclusion == REFUSED else (),
        )


def _photos(world: World, license: License) -> Iterator[Case]:
    """Pictures of the genuine token: a copy, whatever they show. Its twin is the token itself."""
    for shot in photos.make_photos(world, license):
        yield Case(
            f"photo-{shot.name}",
            "input.png",
            shot.content,
            shot.conclusion,
            shot.reason,
            shot.zh,
            shot.en,
            shot.threats,
            twin="jws-traffic",
        )


def _documents(world: World) -> Iterator[Case]:
    """Contracts, invoices and proofs: no licenses, and judged for whoever expects their signers."""
    twins: dict[tuple[bytes, str], str] = {}
    for attack in (*DOCUMENT_ATTACKS.values(), *SEAL_ATTACKS.values()):
        name = attack.name.replace("_", "-")
        content, signers = attack.twin(world), ",".join(attack.twin_codes) or ANYBODY
        if (content, signers) not in twins:
            twins[content, signers] = f"doc-before-{name}"
            zh, en = "真实的签章文件，不是证照。", "A genuine sealed document that is no license."
            yield Case(
                twins[content, signers], _input(content), content, VALID, None, zh, en,
                trust=PARTIED, signers=signers,
            )  # fmt: skip
        forged = attack.forge(world)
        yield Case(
            f"doc-{name}",
            _input(forged),
            forged,
            attack.conclusion,
            attack.reason,
            attack.zh,
            attack.en,
            twin=twins[content, signers],
            trust=PARTIED,
            signers=",".join(attack.codes) or ANYBODY,
            seals=_said(world, attack),
        )


def _input(content: bytes) -> str:
    return "input.pdf" if content.startswith(b"%PDF") else "input.ofd"


def _said(world: World, attack: DocumentAttack) -> dict[str, object]:
    """By 印章编码, with the day since when in full."""
    holders = Hands(world).holders

    def whole(said: Mapping[str, object] | None) -> object:
        since = said.get("since") if said else None
        if not isinstance(since, int):
            return said
        return {**(said or {}), "since": (DAY + timedelta(days=since)).isoformat()}

    return {holders[name].code: whole(said) for name, said in attack.said.items()}


def files() -> dict[str, bytes]:
    """Every file by its path below conformance/."""
    world = World(SEED, DAY)
    if moment(DAY, 12).strftime("%Y-%m-%dT%H:%M:%SZ") != NOON:
        raise ValueError("noon is not where it was")
    endpoints = {
        body.code: f"https://{body.name}.yunhai.example/ivp/v1" for body in world.answering
    }
    found = {}
    for folder in (TRUST, JOINT, PARTIED):
        parties = PARTIES.values() if folder == PARTIED else ()
        places = endpoints | {
            body.code: f"https://{body.name}.yunhai.example/seals/v1" for body in parties
        }
        known = registration(world, places, joint=folder == JOINT, others=parties)
        found[f"{folder}/registration.json"] = _json(known)
        found[f"{folder}/authorities.json"] = _json(authorities(world))
    for case in cases(world):
        folder = f"cases/{case.folder}"
        if f"{folder}/{case.file}" in found:
            raise ValueError(f"two cases are called {case.folder}")
        found[f"{folder}/{case.file}"] = case.content
        found[f"{folder}/expect.json"] = _json(case.expect())
        found[f"{folder}/answer.json"] = _json(case.answer())
    return found


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def present() -> dict[str, bytes]:
    """What is in the folders now."""
    return {
        str(file.relative_to(ROOT)): file.read_bytes()
        for folder in ("cases", TRUST, JOINT, PARTIED)
        for file in sorted((ROOT / folder).rglob("*"))
        if file.is_file()
    }


def main() -> int:
    made = files()
    size = sum(map(len, made.values()))
    if "--check" in sys.argv[1:]:
        before = present()
        changed = sorted(
            name for name in made.keys() | before if made.get(name) != before.get(name)
        )
        for name in changed[:20]:
            print(f"differs: {name}")
        print(f"{len(made)} files, {len(changed)} differ")
        return 1 if changed else 0
    for folder in ("cases", TRUST, JOINT, PARTIED):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for name, content in made.items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    print(f"{len(made)} files, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
