"""Seals of GM/T 0031-2014 and GM/T 0031-2025: each layout's own faults, and one taken for another.

The twins are honest files of the same layout, by SM2 or by RSA.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox import der, ofd, pki, ses
from sandbox.authorities import Unit
from sandbox.keys import RsaKey, make_key
from sandbox.ofd import Bends
from sandbox.ofd_attacks_signer import WINDOW
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack
from sandbox.seals import MAKER_WINDOW, subject_of
from sandbox.ses import Layout, SealPlan, SignaturePlan
from sandbox.stamping import stamping, tsa

_MAKER = pki.subject(C="CN", CN="云海省统一电子印章制作系统（虚构）")
_RSA_SHA1 = pki.RSA_WITH_SHA1


def sealed_as(
    layout: Layout,
    *,
    seal: Callable[[SealPlan], SealPlan] = ofd.same_seal,
    signature: Callable[[SignaturePlan], SignaturePlan] = ofd.same_signature,
    bends: Bends | None = None,
) -> Forge:
    """Sealed by the issuer's own hand, in that layout."""

    def forge(scene: Scene) -> bytes:
        chosen = replace(bends or Bends(), seal=seal, signature=signature)
        return ofd.write(scene.made, scene.shape, replace(scene.job, layout=layout, bends=chosen))

    return forge


# ---- RSA, as GM/T 0031-2014 still allowed


def _rsa(scene: Scene, name: str) -> RsaKey:
    key = make_key("PS256", scene.world.seed, f"pdf/{name}")
    if not isinstance(key, RsaKey):
        raise TypeError("RSA is needed")
    return key


def _rsa_units(scene: Scene) -> tuple[Unit, Unit]:
    """(maker, signer): the same two bodies, with RSA keys of their own."""
    made, holder = scene.world.authorities, scene.job.holder
    maker = made.unit(
        "rsa-maker", _MAKER, MAKER_WINDOW, by=made.making, key=_rsa(scene, "rsa-maker")
    )
    signer = made.unit(
        "rsa-signer",
        subject_of(holder.body, holder.code),
        WINDOW,
        key=_rsa(scene, holder.name),
    )
    return maker, signer


def by_rsa(
    seal_algorithm: str = pki.RSA_WITH_SHA256, algorithm: str = pki.RSA_WITH_SHA256
) -> Forge:
    """A seal of 2014 by RSA, made and used; what each value is called can be bent."""

    def forge(scene: Scene) -> bytes:
        maker, signer = _rsa_units(scene)

        def seal(plan: SealPlan) -> SealPlan:
            return replace(
                plan, maker=maker, certificates=(signer.certificate,), algorithm=seal_algorithm
            )

        def signature(plan: SignaturePlan) -> SignaturePlan:
            return replace(plan, algorithm=algorithm)

        job = replace(
            scene.job,
            layout=Layout.V1,
            unit=signer,
            method=algorithm,
            bends=Bends(seal=seal, signature=signature),
        )
        return ofd.write(scene.made, scene.shape, job)

    return forge


def _rsa_attacks() -> Iterator[OfdAttack]:
    for name, reason, forge in (
        ("seal_called_sha1", "weak_algorithm", by_rsa(seal_algorithm=_RSA_SHA1)),
        ("called_sha1", "weak_algorithm", by_rsa(algorithm=_RSA_SHA1)),
        ("called_sm2", "signature_invalid", by_rsa(algorithm=pki.SM2_WITH_SM3)),
        ("seal_called_sm2", "seal_invalid", by_rsa(seal_algorithm=pki.SM2_WITH_SM3)),
    ):
        also = ("algorithm_mismatch", "signature_unreadable")
        yield attack(f"rsa_{name}", reason, "OFD-31 SM-04", forge, also=also, genuine=by_rsa())


# ---- one layout taken for another


def _numbered(layout: Layout, seal: int, signature: int | None = None) -> Forge:
    """That layout under other version integers; the same one in both places where one is given."""
    put = seal if signature is None else signature
    return sealed_as(
        layout,
        seal=lambda plan: replace(plan, version=seal),
        signature=lambda plan: replace(plan, version=put),
    )


def _around(outer: Layout, inner: Layout) -> Forge:
    """SES_Signature of one layout around an honest seal of another."""

    def forge(scene: Scene) -> bytes:
        kept = ses.seal(ofd.seal_plan(scene.job.holder, scene.shape).following(inner))
        return sealed_as(outer, signature=lambda plan: replace(plan, seal=kept))(scene)

    return forge


_ALL = {"v1": Layout.V1, "v4": Layout.V4, "v5": Layout.V5}
_UNREAD = ("seal_invalid", "scope_differs", "malformed")


def confusions() -> Iterator[OfdAttack]:
    """Every layout under every integer of another, and around every other's seal (OFD-31)."""
    for name, layout in _ALL.items():
        twin = sealed_as(layout)
        for number in (1, 3, 4, 5):
            if number == layout.value or (layout is Layout.V1 and number == 4):
                continue  # 4 on the layout of 2014 is a habit of real producers
            reason = "signature_unreadable"
            if layout is not Layout.V1 and {number, layout.value} == {4, 5}:
                continue  # the same structure: only the integer tells them apart
            forge = _numbered(layout, number)
            yield attack(f"{name}_calls_itself_{number}", reason, "OFD-31", forge,
                         also=_UNREAD, genuine=twin)  # fmt: skip
        for other, inner in _ALL.items():
            if inner is not layout:
                yield attack(f"{name}_around_{other}", "signature_unreadable", "OFD-31",
                             _around(layout, inner), also=_UNREAD, genuine=twin)  # fmt: skip
        yield attack(f"{name}_calls_itself_6", "beyond_limits", "OFD-31", _numbered(layout, 6),
                     also=("signature_unreadable",), genuine=twin)  # fmt: skip
        yield attack(f"{name}_seal_and_act_differ", "signature_unreadable", "OFD-31",
                     _numbered(layout, layout.value, 5 if layout is Layout.V4 else 4),
                     also=_UNREAD, genuine=twin)  # fmt: skip


# ---- the faults of each


def _unlisted(layout: Layout) -> Forge:
    def forge(scene: Scene) -> bytes:
        other = scene.world.seals.holders["market-current"].unit.certificate
        return sealed_as(layout, seal=lambda p: replace(p, certificates=(other,)))(scene)

    return forge


def _maker_signed(layout: Layout, message: Callable[[bytes], bytes]) -> Forge:
    return sealed_as(layout, seal=lambda plan: replace(plan, signed=message))


def _as_of_2014(layout: Layout) -> Forge:
    """The maker signs { info, certificate, algorithm } where eSealInfo alone is right."""

    def seal(plan: SealPlan) -> SealPlan:
        by = der.octet_string(plan.maker.certificate), der.oid(plan.algorithm)
        return replace(plan, signed=lambda info: der.sequence(info, *by))

    return sealed_as(layout, seal=seal)


def _flipped(value: bytes) -> bytes:
    return value[:-1] + bytes((value[-1] ^ 1,))


def faults() -> Iterator[OfdAttack]:
    for name, layout in (("v1", Layout.V1), ("v5", Layout.V5)):
        twin = sealed_as(layout)
        ended = sealed_as(
            layout, seal=lambda p: replace(p, valid_until=p.valid_from + timedelta(days=1))
        )
        hashed = sealed_as(layout, bends=Bends(data_hash=lambda _: bytes(32)))
        cut = sealed_as(layout, bends=Bends(value=lambda value: value[:-1]))
        for fault, reason, threats, forge in (
            ("unlisted", "signer_not_in_seal", "OFD-14", _unlisted(layout)),
            ("hash_zero", "data_hash_differs", "OFD-12", hashed),
            ("value_cut", "signature_unreadable", "OFD-12", cut),
            ("seal_ended", "seal_not_valid_at_time", "OFD-18", ended),
            (
                "seal_value_zero",
                "seal_invalid",
                "OFD-17",
                sealed_as(layout, seal=lambda p: replace(p, signing=lambda _: bytes(64))),
            ),
            (
                "act_altered",
                "signature_invalid",
                "OFD-12",
                sealed_as(layout, signature=lambda p: replace(p, signing=_over_another(p))),
            ),
        ):
            yield attack(f"{name}_{fault}", reason, threats, forge, genuine=twin)
    v1, v5 = sealed_as(Layout.V1), sealed_as(Layout.V5)
    yield attack("v1_seal_signed_as_v4", "seal_invalid", "OFD-17 OFD-31",
                 _maker_signed(Layout.V1, lambda info: info), genuine=v1)  # fmt: skip
    yield attack("v4_seal_signed_as_v1", "seal_invalid", "OFD-17 OFD-31", _as_of_2014(Layout.V4))
    yield attack("v5_seal_signed_as_v1", "seal_invalid", "OFD-17 OFD-31",
                 _as_of_2014(Layout.V5), genuine=v5)  # fmt: skip
    yield attack("v4_with_the_stamp_of_v5", "signature_unreadable", "OFD-31",
                 _seal_stamped(Layout.V4), also=_UNREAD)  # fmt: skip


def _over_another(plan: SignaturePlan) -> ses.Signing:
    honest = ses.signer(plan.signer.key, raw=False)
    return lambda message: honest(_flipped(message))


# ---- GM/T 0031-2025: making time and the seal's own timestamp


def _seal_stamped(
    layout: Layout = Layout.V5,
    *,
    later: timedelta = timedelta(hours=1),
    stamped: Callable[[bytes], bytes] = lambda value: value,
    name: str = "seal-tsa",
    wrong: Callable[[bytes], bytes] = lambda token: token,
) -> Forge:
    """A token over the maker's value, so long after createDate."""

    def forge(scene: Scene) -> bytes:
        made = scene.world.authorities
        service = tsa(made, name, window=MAKER_WINDOW)

        def seal(plan: SealPlan) -> SealPlan:
            write = stamping(service, plan.created + later)
            return replace(plan, stamp=lambda value: wrong(write(stamped(value))))

        return sealed_as(layout, seal=seal)(scene)

    return forge


def seal_stamped(scene: Scene) -> bytes:
    """An honest seal of 2025 with its timestamp."""
    return _seal_stamped()(scene)


def _made_at(days: int) -> Forge:
    def forge(scene: Scene) -> bytes:
        return sealed_as(Layout.V5, seal=lambda p: replace(p, created=scene.day(days)))(scene)

    return forge


def making() -> Iterator[OfdAttack]:
    """制章时间有效性, and the order of createDate and timestamp."""
    order = "seal_not_valid_at_time"
    for name, forge in (
        ("made_tomorrow", _made_at(2)),
        ("made_after_its_end", sealed_as(Layout.V5, seal=_ends_before_it_is_made)),
    ):
        yield attack(f"v5_{name}", order, "OFD-18", forge, genuine=sealed_as(Layout.V5))
    for name, forge in (
        ("earlier_than_made", _seal_stamped(later=timedelta(seconds=-1))),
        ("of_another_value", _seal_stamped(stamped=lambda value: value + b"\0")),
        ("altered", _seal_stamped(wrong=_flipped)),
        ("cut", _seal_stamped(wrong=lambda token: token[:-1])),
        ("garbage", _seal_stamped(wrong=lambda _: b"\xcc" * 80)),
    ):
        yield attack(f"v5_seal_stamp_{name}", "timestamp_invalid", "OFD-21 OFD-31", forge,
                     also=("seal_invalid",), genuine=seal_stamped)  # fmt: skip


def _ends_before_it_is_made(plan: SealPlan) -> SealPlan:
    return replace(plan, created=plan.valid_until + timedelta(days=1))


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (_rsa_attacks, confusions, faults, making):
        yield from family()


def tolerated() -> Iterator[OfdAttack]:
    """Layouts beside GB/T 38540-2020 that stay valid."""
    for name, forge in (
        ("sealed_by_v1", sealed_as(Layout.V1)),
        ("sealed_by_v1_calling_itself_2", _numbered(Layout.V1, 2)),
        ("sealed_by_v1_calling_itself_4", _numbered(Layout.V1, 4)),
        ("sealed_by_v1_with_rsa", by_rsa()),
        ("sealed_by_v1_raw", sealed_as(Layout.V1, signature=lambda p: replace(p, raw_value=True))),
        ("sealed_by_v5", sealed_as(Layout.V5)),
        ("sealed_by_v5_stamped", seal_stamped),
    ):
        yield attack(name, None, "OFD-31", forge)
