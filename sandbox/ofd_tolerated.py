"""Sealed files that are odd and must stay valid: a verifier that refuses them refuses real ones."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from sandbox import ofd, pki
from sandbox.ofd import Bends, Job
from sandbox.ofd_attacks_binding import clock_off
from sandbox.ofd_attacks_lists import LIST, SIGNATURE
from sandbox.ofd_attacks_signer import unit_of
from sandbox.ofd_forging import (
    Forge,
    OfdAttack,
    Scene,
    attack,
    changed,
    once,
    seal_bent,
    sealing,
    signature_bent,
    with_unit,
)
from sandbox.pages import OFD_XML
from sandbox.shapes import SM3_OID


def _beside(holder: str) -> Forge:
    """A second seal of somebody nobody asked."""

    def forge(scene: Scene) -> bytes:
        second = Job(holder=scene.world.seals.holders[holder], at=scene.license.signed_at)
        return ofd.write(scene.made, scene.shape, scene.job, second)

    return forge


def _same_serial(scene: Scene) -> bytes:
    """Another authority has revoked a certificate of this serial number."""
    serial = pki.serial(scene.world.seed, "traffic-revoked-seal")
    unit = unit_of(
        "s-clash",
        lambda plan: replace(plan, serial=serial),
        by=lambda scene: scene.world.authorities.branch("serial_clash"),
    )
    return with_unit(unit)(scene)


def _clock(text: Callable[[datetime], str]) -> Forge:
    return sealing(clock=lambda scene: text(scene.job.at))


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * 1000)


def files() -> Iterator[OfdAttack]:
    """Name, and what is odd."""
    for name, threats, forge, shape in (
        ("stranger_seal_beside", "OFD-10", _beside("stranger-current"), "tax"),
        ("other_seal_beside", "OFD-10", _beside("university-current"), "tax"),
        ("list_calls_it_sign", "OFD-10", _typed("Sign"), "receipt"),
        ("entry_modified_later", "OFD-26", _modified, "bank"),
        ("clock_eight_hours", "OFD-22", sealing(clock=clock_off(8)), "tax"),
        ("clock_nine_minutes", "OFD-22", sealing(clock=clock_off(0.15)), "tax"),
        ("clock_milliseconds", "OFD-22", _clock(_milliseconds), "tax"),
        ("clock_unreadable", "OFD-22", sealing(clock=lambda _: "some day"), "tax"),
        ("scope_without_slash", "OFD-16", _scope(SIGNATURE), "tax"),
        ("check_hmac_oid", "SM-08", sealing(check_method=f"{SM3_OID}.2"), "tax"),
        ("method_left_out", "OFD-23", _without_method, "tax"),
        ("seal_not_of_type_1", "OFD-31", seal_bent(lambda p: replace(p, type=109)), "tax"),
        ("serial_revoked_elsewhere", "CRT-07", _same_serial, "tax"),
    ):
        yield attack(name, None, threats, forge, shape=shape)


def _typed(kind: str) -> Forge:
    """The open list calls the seal something else; what it is, its value says."""
    return changed(LIST, once('Type="Seal"', f'Type="{kind}"'))


def _modified(scene: Scene) -> bytes:
    put = "<ofd:ModDate>2030-01-01</ofd:ModDate><ofd:Creator>"
    return changed(OFD_XML, once("<ofd:Creator>", put))(scene)


def _scope(text: str) -> Forge:
    return signature_bent(lambda plan: replace(plan, property_info=text))


def _without_method(scene: Scene) -> bytes:
    said = f"<ofd:SignatureMethod>{scene.shape.method}</ofd:SignatureMethod>"
    return sealing(Bends(description=once(said, "")))(scene)
