"""Attacks on the seal: its own signature, its list of signers, its dates, its file."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox import ofd, pki, ses
from sandbox.authorities import Unit
from sandbox.keys import Sm2Key
from sandbox.ofd import Bends, Job
from sandbox.ofd_attacks_value import sha256_of_all, with_digest, with_id
from sandbox.ofd_forging import (
    Forge,
    OfdAttack,
    Scene,
    attack,
    seal_bent,
    sealed_by,
    sealing,
    with_unit,
)
from sandbox.pages import Parts
from sandbox.seals import MAKER_WINDOW, draw, subject_of
from sandbox.ses import SealPlan

MAKER = pki.subject(C="CN", CN="云海省统一电子印章制作系统（虚构）")


def _altered(change: Callable[[SealPlan], SealPlan]) -> Forge:
    """ESealInfo changed after the maker signed it; the signer signs it all the same."""

    def alter(plan: SealPlan) -> SealPlan:
        return replace(plan, alter=lambda _: ses.seal_info(change(plan)))

    return seal_bent(alter)


def _maker_key(plan: SealPlan) -> Sm2Key:
    if not isinstance(plan.maker.key, Sm2Key):
        raise TypeError("an SM2 key is needed")
    return plan.maker.key


def _made(scene: Scene, seal: Callable[[SealPlan], SealPlan]) -> bytes:
    return seal_bent(seal)(scene)


def _listing_the_forger(scene: Scene) -> bytes:
    """The genuine seal, rewritten to list the forger's certificate, and used by him."""
    forger = scene.world.seals.holders["stranger-current"].unit

    def alter(plan: SealPlan) -> SealPlan:
        info = ses.seal_info(replace(plan, certificates=(forger.certificate,)))
        return replace(plan, alter=lambda _: info)

    job = replace(scene.job, unit=forger, bends=Bends(seal=alter))
    return ofd.write(scene.made, scene.shape, job)


def _zero_value(plan: SealPlan) -> SealPlan:
    return replace(plan, signing=lambda _: bytes(64))


def _other_maker_key(scene: Scene) -> bytes:
    key = scene.world.authorities.key("another-maker")
    return _made(scene, lambda plan: replace(plan, signing=ses.signer(key, raw=False)))


def _maker_swapped(scene: Scene) -> bytes:
    """The maker's name on another certificate, the genuine value kept."""
    made = scene.world.authorities
    other = made.unit("namesake-maker", MAKER, MAKER_WINDOW, by=made.making)

    def swap(plan: SealPlan) -> SealPlan:
        sign = ses.signer(plan.maker.key, raw=False)
        return replace(plan, maker=Unit(other.certificate, plan.maker.key), signing=sign)

    return _made(scene, swap)


def broken() -> Iterator[OfdAttack]:
    """制章者's signature (GB/T 38540 §6.3 b)."""
    for name, forge in (
        ("name", _altered(lambda p: replace(p, name="云海省人民政府（虚构）"))),
        ("id", _altered(lambda p: replace(p, id="63990000000001"))),
        ("picture", _altered(lambda p: replace(p, picture=draw("63990000000001", "PNG")))),
        ("end", _altered(lambda p: replace(p, valid_until=p.valid_until.replace(year=2049)))),
        ("type", _altered(lambda p: replace(p, type=2))),
        ("value_zero", seal_bent(_zero_value)),
        ("other_key", _other_maker_key),
        ("maker_swapped", _maker_swapped),
        ("wrong_id", seal_bent(lambda p: replace(p, signing=with_id(b"")(_maker_key(p))))),
        (
            "over_sha256",
            seal_bent(lambda p: replace(p, signing=with_digest(sha256_of_all)(_maker_key(p)))),
        ),
        ("as_ecdsa", seal_bent(lambda p: replace(p, algorithm=pki.ECDSA_WITH_SHA256))),
    ):
        threats = "OFD-17 SM-02" if name == "wrong_id" else "OFD-17"
        yield attack(f"seal_{name}", "seal_invalid", threats, forge, also=("algorithm_mismatch",))
    yield attack(
        "seal_lists_forger",
        "seal_invalid",
        "OFD-14 OFD-17",
        _listing_the_forger,
        also=("no_anchor", "signer_not_issuer"),
    )
    yield attack(
        "seal_as_rsa_sha1",
        "weak_algorithm",
        "OFD-17 CRT-10",
        seal_bent(lambda p: replace(p, algorithm=pki.RSA_WITH_SHA1)),
        also=("seal_invalid",),
    )


# ---- who may use it


def _renewed(scene: Scene) -> Unit:
    """The issuer's next certificate, for which no seal was made."""
    holder = scene.job.holder
    who = subject_of(holder.body, holder.code)
    return scene.world.authorities.unit("renewed", who, (-730, 1500))


def _reissued(scene: Scene) -> Unit:
    """Another certificate over the very same key."""
    holder = scene.job.holder
    who = subject_of(holder.body, holder.code)
    key = holder.unit.key
    return scene.world.authorities.unit("reissued", who, (-730, 1500), key=key)


def _holder_unit(name: str) -> Callable[[Scene], Unit]:
    return lambda scene: scene.world.seals.holders[name].unit


def _listing(name: str, certificate: Callable[[Job], bytes]) -> Callable[[Scene], bytes]:
    def forge(scene: Scene) -> bytes:
        listed = (certificate(scene.job),)
        return _made(scene, lambda plan: replace(plan, certificates=listed, digest_name=name))

    return forge


def listed() -> Iterator[OfdAttack]:
    """The signer has to be in the seal's list (§7.3)."""
    words = "signer_not_in_seal", "OFD-14"
    for name, unit in (
        ("renewed", _renewed),
        ("reissued", _reissued),
        ("other_body", _holder_unit("university-current")),
        ("stranger", _holder_unit("stranger-current")),
        ("special_seal", _holder_unit("traffic-special")),
    ):
        also = ("signer_not_issuer", "no_anchor")
        yield attack(f"unlisted_{name}", *words, with_unit(unit, listed=False), also=also)
        forge = with_unit(unit, listed=False)
        yield attack(f"unlisted_{name}_digest", *words, forge, also=also, shape="plugin")
    forge = _listing("SM3", lambda job: job.holder.encryption.certificate)
    yield attack("lists_encryption_only", *words, forge)
    weak = _listing("MD5", lambda job: job.holder.unit.certificate)
    yield attack("listed_by_md5", *words, weak, shape="plugin", also=("weak_algorithm",))


# ---- when


def dates() -> Iterator[OfdAttack]:
    words = "seal_not_valid_at_time", "OFD-18"

    def moved(change: Callable[[SealPlan, datetime], SealPlan], days: int) -> Forge:
        def forge(scene: Scene) -> bytes:
            at = scene.job.at + timedelta(days=days)
            return _made(scene, lambda plan: change(plan, at))

        return forge

    starts = moved(lambda plan, at: replace(plan, valid_from=at), 1)
    ends = moved(lambda plan, at: replace(plan, valid_until=at), -1)
    made = moved(lambda plan, at: replace(plan, created=at), 1)
    yield attack("before_seal_start", *words, starts)
    yield attack("after_seal_end", *words, ends)
    yield attack("before_seal_made", *words, made)
    yield attack("seal_ends_before_start", *words, _reversed)
    since = moved(lambda plan, at: replace(plan, valid_until=at), 1)
    yield attack("seal_ended_since", "seal_ended_since", "OFD-18 OFD-20", since)


def _reversed(scene: Scene) -> bytes:
    return _made(
        scene,
        lambda plan: replace(plan, valid_from=plan.valid_until, valid_until=plan.valid_from),
    )


# ---- Seal.esl


def _without_file(parts: Parts) -> Parts:
    return {name: content for name, content in parts.items() if not name.endswith(ofd.SEAL)}


def _other_seal(scene: Scene) -> bytes:
    other = ofd.seal_plan(scene.world.seals.holders["university-current"], scene.shape)
    return sealing(Bends(seal_file=lambda _: ses.seal(other)))(scene)


def files() -> Iterator[OfdAttack]:
    """Seal.esl beside the seal that was used (OFD-24)."""
    for name, forge in (
        ("another", _other_seal),
        ("cut", sealing(Bends(seal_file=lambda seal: seal[:-1]))),
        ("longer", sealing(Bends(seal_file=lambda seal: seal + b"\x00"))),
        ("absent", sealing(Bends(covered=_without_file, after=_without_file))),
    ):
        yield attack(f"seal_file_{name}", "seal_file_differs", "OFD-24", forge, shape="desktop")


def strangers() -> Iterator[OfdAttack]:
    """A seal with everything right, of nobody we know."""
    also = ("seal_maker_unknown", "signer_not_issuer")
    yield attack("own_seal", "no_anchor", "OFD-13 CRT-14", sealed_by("stranger-current"), also=also)
    yield attack("own_seal_same_looks", "no_anchor", "OFD-13", _same_looks, also=also)


def _same_looks(scene: Scene) -> bytes:
    """Name, code and picture of the genuine seal, on the forger's own certificates."""
    genuine = scene.job.holder
    made = scene.world.authorities
    forger = made.unit("looks", subject_of(genuine.body, genuine.code), (-730, 1500),
                       by=made.mist_root)  # fmt: skip

    def remade(plan: SealPlan) -> SealPlan:
        maker = scene.world.seals.mist_maker
        return replace(plan, certificates=(forger.certificate,), maker=maker)

    job = replace(scene.job, unit=forger, bends=Bends(seal=remade))
    return ofd.write(scene.made, scene.shape, job)


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (broken, listed, dates, files, strangers):
        yield from family()
