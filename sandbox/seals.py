"""Who holds which seal: one for each signing role of each body, with two certificates each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sandbox import pictures, pki
from sandbox.authorities import Authorities, Unit
from sandbox.bodies import COPYING, CURRENT, RETIRED, STOLEN, Body, KeyPlan
from sandbox.pki import ENCRYPTION, Plan, Revoked
from sandbox.ses import Picture, SealPlan
from sandbox.stream import Stream

ROLES: Mapping[str, KeyPlan] = {plan.role: plan for plan in (RETIRED, CURRENT, STOLEN, COPYING)}
"""Seals follow the keys of a body: the same roles, the same windows."""
SPECIAL = "special"
"""专用章 of the traffic police: listed by digest (certListType 2), its certificate is its own."""
MAKER_WINDOW = (-4100, 2500)


@dataclass(frozen=True, slots=True)
class SealHolder:
    """A body in one of its roles, with what it needs to seal."""

    name: str
    """E.g. traffic-current, the kid of the token key beside it."""
    body: Body
    code: str
    """印章编码: region and eight digits; the certificate's CN and the seal's esID."""
    unit: Unit
    encryption: Unit
    """加密证书 of the pair; its key proves nobody's act."""
    plan: SealPlan

    def seal_plan(self, picture: str = "PNG", *, raw: bool = False) -> SealPlan:
        return replace(self.plan, picture=draw(self.code, picture), raw_value=raw)


def draw(code: str, type: str) -> Picture:
    """The seal picture in one of the types producers write; `ofd` is drawn by `vector`."""
    rows = pictures.round_seal(code)
    if type.lower() == "bmp":
        return Picture(type, pictures.bmp(rows, pictures.RED))
    return Picture(type, pictures.png(rows, pictures.RED))


def subject_of(body: Body, code: str) -> pki.Subject:
    """GB/T 20518 as provincial seal authorities fill it in."""
    return pki.subject(C="CN", O=f"{body.code}{body.title}", CN=code)


@dataclass
class Seals:
    """Every seal of a world."""

    authorities: Authorities
    bodies: tuple[Body, ...]

    @cached_property
    def maker(self) -> Unit:
        """制章者: the provincial seal making system, with its unit certificate (单位证书)."""
        owner = next(b for b in self.bodies if b.name == "data")
        who = pki.subject(
            C="CN", O=f"{owner.code}{owner.title}", CN="云海省统一电子印章制作系统（虚构）"
        )
        return self.authorities.unit("maker", who, MAKER_WINDOW, by=self.authorities.making)

    @cached_property
    def holders(self) -> Mapping[str, SealHolder]:
        return {holder.name: holder for holder in self._all()}

    def _all(self) -> Iterable[SealHolder]:
        for body in self.bodies:
            for held in body.keys:
                role = held.kid.removeprefix(f"{body.name}-")
                if role in ROLES:
                    yield self._holder(body, held.kid, ROLES[role])
            if body.name == "traffic":
                special = self._holder(body, f"traffic-{SPECIAL}", CURRENT)
                yield replace(special, plan=replace(special.plan, list_type=2))

    def _holder(self, body: Body, name: str, role: KeyPlan) -> SealHolder:
        authorities = self.authorities
        code = seal_code(authorities.seed, body, name)
        window, who = (role.start, role.end), subject_of(body, code)
        by = authorities.issuing if body.registered else authorities.mist_root

        def signing(plan: Plan) -> Plan:
            return replace(plan, extra=(pki.organisation(body.code),))

        def encrypting(plan: Plan) -> Plan:
            return replace(signing(plan), usage=ENCRYPTION)

        unit = authorities.unit(f"{name}-seal", who, window, by=by, bend=signing)
        pair = authorities.unit(f"{name}-seal-encryption", who, window, by=by, bend=encrypting)
        start = authorities.day(role.start + 2)
        plan = SealPlan(
            id=code,
            name=body.title,
            certificates=(unit.certificate,),
            created=start,
            valid_from=start,
            valid_until=authorities.day(role.end),
            picture=draw(code, "PNG"),
            maker=self.maker if body.registered else self.mist_maker,
        )
        return SealHolder(name, body, code, unit, pair, plan)

    @cached_property
    def mist_maker(self) -> Unit:
        """Of an authority that nobody registered."""
        who = pki.subject(C="CN", O="雾谷刻章（虚构、未登记）", CN="雾谷印章制作系统")
        return self.authorities.unit("mist-maker", who, MAKER_WINDOW, by=self.authorities.mist_root)


def seal_code(seed: int, body: Body, name: str) -> str:
    return body.region + f"{Stream(seed, f'seal-code/{name}').below(10**8):08}"


def revoked_seals(
    seed: int, bodies: tuple[Body, ...], authorities: Authorities
) -> tuple[Revoked, ...]:
    """What the issuing authority has revoked: the stolen seals of every body, and some others."""
    stolen = tuple(
        Revoked(
            pki.serial(seed, f"{held.kid}-seal"),
            authorities.day(STOLEN.revoked or 0),
            pki.KEY_COMPROMISE,
        )
        for body in bodies
        for held in body.keys
        if held.kid.endswith("-revoked")
    )
    others = (
        Revoked(pki.serial(seed, "replaced"), authorities.day(-900), pki.SUPERSEDED),
        Revoked(pki.serial(seed, "held"), authorities.day(-30), pki.HOLD),
    )
    return (*stolen, *others)


def revoked_makers(seed: int, authorities: Authorities) -> tuple[Revoked, ...]:
    """What the seal makers' authority has revoked."""
    return (
        Revoked(pki.serial(seed, "early-revoked"), authorities.day(-1500), pki.CESSATION),
        Revoked(pki.serial(seed, "late-revoked"), authorities.day(-100), pki.CESSATION),
    )
