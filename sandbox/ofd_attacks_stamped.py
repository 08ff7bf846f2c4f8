"""Timestamps (时间戳) over the value: one that is wrong is a fault, an unknown one proves nothing.

RFC 3161 and GB/T 20520: SM3 imprint, a service registered for timestamps, genTime in its order.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox import cms, ofd, pki
from sandbox.authorities import Unit
from sandbox.ofd import Bends
from sandbox.ofd_attacks_signer import unit_of
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack
from sandbox.ses import Layout, SealPlan, SignaturePlan
from sandbox.sm2 import sm3
from sandbox.stamping import WINDOW, stamping, tsa

Service = Callable[[Scene], Unit]
_HOUR = timedelta(hours=1)


def _registered(scene: Scene) -> Unit:
    return tsa(scene.world.authorities)


def stamped(
    service: Service = _registered,
    *,
    later: timedelta = timedelta(minutes=1),
    over: Callable[[bytes], bytes] = lambda value: value,
    wrong: Callable[[bytes], bytes] = lambda token: token,
    at: Callable[[Scene], datetime] | None = None,
) -> Forge:
    """The honest sealing with a token over its value, so long after the time it claims."""

    def forge(scene: Scene) -> bytes:
        when = at(scene) if at else scene.job.at + later

        def signature(plan: SignaturePlan) -> SignaturePlan:
            write = stamping(service(scene), when)
            return replace(plan, stamp=lambda value: wrong(write(over(value))))

        return ofd.write(
            scene.made, scene.shape, replace(scene.job, bends=Bends(signature=signature))
        )

    return forge


def _usual(plan: pki.Plan) -> pki.Plan:
    """A certificate of that authority without the purpose of timestamps."""
    return plan


def _for_everything(plan: pki.Plan) -> pki.Plan:
    """The purpose among others, and not critical (RFC 3161 §2.3 asks for the reverse)."""
    return replace(plan, purposes=(pki.TIME_STAMPING, pki.SERVER_AUTHENTICATION))


def _service(
    name: str,
    bend: Callable[[pki.Plan], pki.Plan] | None = None,
    window: tuple[int, int] = WINDOW,
) -> Service:
    def unit(scene: Scene) -> Unit:
        made = scene.world.authorities
        if bend is None:
            return tsa(made, name, window=window)
        return tsa(made, name, window=window, bend=bend)

    return unit


def _flipped(token: bytes) -> bytes:
    return token[:-1] + bytes((token[-1] ^ 1,))


def _of_sha256(scene: Scene) -> bytes:
    """The imprint is said to be SM3 and has the octets of another digest."""
    service = _registered(scene)

    def signature(plan: SignaturePlan) -> SignaturePlan:
        return replace(
            plan,
            stamp=lambda value: cms.timestamp(
                cms.DIGESTS[cms.SHA256](value), service, scene.job.at + _HOUR
            ),
        )

    return ofd.write(scene.made, scene.shape, replace(scene.job, bends=Bends(signature=signature)))


def wrong() -> Iterator[OfdAttack]:
    """Twelve ways in which a token is there and wrong (OFD-21)."""
    for name, forge in (
        ("of_another_value", stamped(over=lambda value: value + b"\0")),
        ("of_the_digest", stamped(over=sm3)),
        ("of_sha256", _of_sha256),
        ("before_the_act", stamped(later=-_HOUR)),
        ("from_the_future", stamped(at=lambda scene: scene.day(2))),
        ("altered", stamped(wrong=_flipped)),
        ("cut", stamped(wrong=lambda token: token[:-1])),
        ("longer", stamped(wrong=lambda token: token + b"\0")),
        ("empty", stamped(wrong=lambda _: b"")),
        ("garbage", stamped(wrong=lambda _: b"\xcc" * 80)),
        ("by_no_service", stamped(_service("t-none", _usual))),
        ("by_a_service_of_all", stamped(_service("t-all", _for_everything))),
        ("by_an_ended_service", stamped(_service("t-ended", window=(-4000, -900)))),
        ("by_a_later_service", stamped(_service("t-later", window=(-1, 900)))),
        ("by_a_revoked_service", stamped(_service("t-revoked-early"))),
        ("by_the_signer", stamped(lambda scene: scene.job.holder.unit)),
    ):
        also = ("signature_unreadable",)
        yield attack(f"stamp_{name}", "timestamp_invalid", "OFD-21", forge,
                     also=also, genuine=stamped())  # fmt: skip


# ---- what a proven time is good for


_ENDED = unit_of("s-ended", window=(-730, -10))


def _ended(service: Service | None, *, days: int = -100, claimed: int = -100) -> Forge:
    """By a certificate that has ended since, perhaps with a token of when it had not."""

    def forge(scene: Scene) -> bytes:
        unit = _ENDED(scene)

        def seal(plan: SealPlan) -> SealPlan:
            return replace(plan, certificates=(unit.certificate,))

        def signature(plan: SignaturePlan) -> SignaturePlan:
            if service is None:
                return plan
            return replace(plan, stamp=stamping(service(scene), scene.day(days) + _HOUR))

        bends = Bends(seal=seal, signature=signature)
        job = replace(scene.job, unit=unit, at=scene.day(claimed), bends=bends)
        return ofd.write(scene.made, scene.shape, job)

    return forge


def _revoked(service: Service | None, *, stamped_on: int, claimed: int) -> Forge:
    """By the stolen key, revoked 200 days ago."""

    def forge(scene: Scene) -> bytes:
        holder = scene.world.seals.holders["traffic-revoked"]

        def signature(plan: SignaturePlan) -> SignaturePlan:
            if service is None:
                return plan
            return replace(plan, stamp=stamping(service(scene), scene.day(stamped_on) + _HOUR))

        job = replace(
            scene.job, holder=holder, at=scene.day(claimed), bends=Bends(signature=signature)
        )
        return ofd.write(scene.made, scene.shape, job)

    return forge


def _stranger(scene: Scene) -> Unit:
    made = scene.world.authorities
    return tsa(made, "t-mist", by=made.mist_root)


def proofs() -> Iterator[OfdAttack]:
    """A token proves a time only by a service somebody registered, and only that time."""
    since = "key_expired_since"
    proven = _ended(_registered)
    for name, reason, forge in (
        ("ended_and_no_stamp", since, _ended(None)),
        ("ended_and_a_strangers_stamp", since, _ended(_stranger)),
        ("ended_and_a_compromised_service", since, _ended(_service("t-compromised"))),
        (
            "ended_before_its_stamp",
            "signed_outside_window",
            _ended(_registered, days=-5, claimed=-20),
        ),
    ):
        yield attack(f"stamp_{name}", reason, "OFD-20 OFD-21", forge, genuine=proven)
    before = _revoked(_registered, stamped_on=-300, claimed=-300)
    for name, reason, forge in (
        ("revoked_and_no_stamp", "key_revoked_since", _revoked(None, stamped_on=0, claimed=-300)),
        (
            "revoked_before_its_stamp",
            "signed_after_revocation",
            _revoked(_registered, stamped_on=-100, claimed=-300),
        ),
    ):
        yield attack(f"stamp_{name}", reason, "OFD-20 OFD-21", forge, genuine=before)


def in_time_info(
    *, wrong: Callable[[bytes], bytes] = lambda token: token, when: int | None = None
) -> Forge:
    """GM/T 0031-2014: the token stands in timeInfo, under the signature."""

    def forge(scene: Scene) -> bytes:
        at = scene.job.at if when is None else scene.day(when)

        def signature(plan: SignaturePlan) -> SignaturePlan:
            token = stamping(_registered(scene), at)(plan.data_hash)
            return replace(plan, time_info=wrong(token))

        job = replace(scene.job, layout=Layout.V1, bends=Bends(signature=signature))
        return ofd.write(scene.made, scene.shape, job)

    return forge


def inside() -> Iterator[OfdAttack]:
    for name, forge in (
        ("altered", in_time_info(wrong=_flipped)),
        ("from_the_future", in_time_info(when=2)),
    ):
        yield attack(f"v1_token_{name}", "timestamp_invalid", "OFD-21", forge,
                     also=("times_disagree",), genuine=in_time_info())  # fmt: skip


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (wrong, proofs, inside):
        yield from family()


def tolerated() -> Iterator[OfdAttack]:
    """Tokens that stay valid."""
    for name, forge in (
        ("stamped", stamped()),
        ("stamped_by_a_stranger", stamped(_stranger)),
        ("stamped_half_a_minute_early", stamped(later=timedelta(seconds=-30))),
        ("stamped_in_time_info", in_time_info()),
        ("ended_since_and_stamped", _ended(_registered)),
        ("revoked_since_and_stamped", _revoked(_registered, stamped_on=-300, claimed=-300)),
    ):
        yield attack(name, None, "OFD-20 OFD-21", forge)
