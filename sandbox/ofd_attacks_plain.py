"""签名 without a seal: SignedData of GB/T 35275 (OFD Type=Sign), and bare values.

Degree certificates need no seal, so a plain signature of the university is enough for them; a
driving license must be sealed, and the same signature is nobody's seal.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox import cms, ofd
from sandbox.cms import CmsPlan, Signer, signer_of
from sandbox.keys import Sm2Key
from sandbox.ofd import Bends, Job
from sandbox.ofd_attacks_lists import LIST
from sandbox.ofd_attacks_signer import unit_of
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, edited, once
from sandbox.sm2 import encode_raw, sm3
from sandbox.stamping import stamping, tsa

Bend = Callable[[CmsPlan], CmsPlan]
_UNIVERSITY = "university"


def _same(plan: CmsPlan) -> CmsPlan:
    return plan


def signed(
    bend: Bend = _same,
    *,
    signer: Callable[[Scene], Signer] | None = None,
    value: Callable[[bytes], bytes] = lambda value: value,
    bends: Bends | None = None,
    method: str | None = None,
) -> Forge:
    """Signed by the issuer's own key, with attributes and the content elsewhere, unless bent."""

    def forge(scene: Scene) -> bytes:
        who = signer(scene) if signer else signer_of(scene.job.holder.unit)

        def plain(content: bytes) -> bytes:
            plan = CmsPlan(content=content, signer=who, at=scene.job.at)
            return value(cms.signed_data(bend(plan)))

        job = replace(scene.job, plain=plain, bends=bends or Bends(), method=method)
        return ofd.write(scene.made, scene.shape, job)

    return forge


# ---- the modes of standards §3.7


def _holding(stated: Callable[[bytes], bytes], *, attributed: bool = False) -> Bend:
    """The container holds the digest of Signature.xml, in some spelling."""

    def bend(plan: CmsPlan) -> CmsPlan:
        return replace(plan, stated=stated(sm3(plan.content)), inside=True, attributed=attributed)

    return bend


def _digest(digest: bytes) -> bytes:
    return digest


MODES: dict[str, Bend] = {
    "digest": _holding(_digest),
    "digest_text": _holding(base64.b64encode),
    "digest_attributed": _holding(_digest, attributed=True),
    "text_attributed": _holding(base64.b64encode, attributed=True),
    "detached": lambda plan: replace(plan, attributed=False),
    "attributed": _same,
    "whole": lambda plan: replace(plan, inside=True),
}
"""Name → how the container speaks of Signature.xml."""


def _flipped(value: bytes) -> bytes:
    return value[:-1] + bytes((value[-1] ^ 1,))


def _of_another(bend: Bend) -> Bend:
    """An honest container over another description."""
    return lambda plan: bend(replace(plan, content=plan.content + b"\n"))


def modes() -> Iterator[OfdAttack]:
    """In every mode: over another description, and with another value."""
    for name, bend in MODES.items():
        twin = signed(bend)
        detached = name == "detached"
        yield _plain(
            f"signed_{name}_of_another",
            "signature_invalid" if detached else "data_hash_differs",
            signed(_of_another(bend)),
            twin,
        )

        def altered(plan: CmsPlan, bend: Bend = bend) -> CmsPlan:
            return replace(bend(plan), value=_flipped)

        yield _plain(f"signed_{name}_altered", "signature_invalid", signed(altered), twin)


def _plain(
    name: str,
    reason: str | None,
    forge: Forge,
    twin: Forge | None = None,
    *,
    threats: str = "OFD-31 SIG-26",
    also: tuple[str, ...] = (),
    issuer: str = _UNIVERSITY,
) -> OfdAttack:
    made = attack(name, reason, threats, forge, genuine=twin, also=also)
    return replace(made, issuer=issuer)


# ---- containers


def _university(scene: Scene) -> Signer:
    return signer_of(scene.job.holder.unit)


def _digest_bent(plan: CmsPlan) -> CmsPlan:
    return replace(plan, digest_value=lambda _: bytes(32))


def _ecdsa_digest(plan: CmsPlan) -> CmsPlan:
    return replace(plan, digest=cms.SHA256)


def containers() -> Iterator[OfdAttack]:
    """Who signed, and whether anybody did."""
    unread = "signature_unreadable"
    for name, reason, bend in (
        ("by_nobody", unread, lambda p: replace(p, signers=0)),
        ("by_two", "beyond_limits", lambda p: replace(p, signers=2)),
        ("without_certificate", "signature_unsupported", lambda p: replace(p, certificates=())),
        ("digest_zero", "data_hash_differs", _digest_bent),
        ("by_sha256", "signature_invalid", _ecdsa_digest),
    ):
        yield _plain(f"signed_{name}", reason, signed(bend), signed(),
                     also=("signature_invalid", "signature_unreadable"))  # fmt: skip
    yield _plain("signed_with_anothers_certificate", "signature_unsupported", _with_anothers,
                 signed(), also=("signature_invalid",))  # fmt: skip
    for name, value in (
        ("cut", lambda value: value[:-1]),
        ("longer", lambda value: value + b"\0"),
        ("garbage", lambda _: b"\xcc" * 120),
    ):
        yield _plain(f"signed_{name}", unread, signed(value=value), signed())
    yield _plain("signed_called_a_seal", "type_disagrees", _relisted, signed(),
                 threats="OFD-10")  # fmt: skip
    yield _plain("signed_and_page_changed", "content_changed", _page_changed, signed(),
                 threats="OFD-01")  # fmt: skip
    yield _plain("signed_method_says_rsa", "algorithm_mismatch",
                 signed(method="1.2.840.113549.1.1.11"), signed(), threats="OFD-23")  # fmt: skip


def _with_anothers(scene: Scene) -> bytes:
    other = scene.world.seals.holders["market-current"].unit.certificate
    return signed(lambda plan: replace(plan, certificates=(other,)))(scene)


def _relisted(scene: Scene) -> bytes:
    relist = edited(LIST, once('Type="Sign"', 'Type="Seal"'))
    return signed(bends=Bends(after=relist))(scene)


def _page_changed(scene: Scene) -> bytes:
    page = "Doc_0/Pages/Page_0/Content.xml"
    return signed(bends=Bends(after=edited(page, once("</ofd:Page>", "</ofd:Page>\n"))))(scene)


# ---- where a seal is asked for


def seals_asked() -> Iterator[OfdAttack]:
    """A signature of whoever it be is no seal (签名, 签章)."""
    for name, bend in MODES.items():
        threats = "OFD-10 OFD-11"
        yield attack(f"driving_signed_{name}", "signature_missing", threats, signed(bend))
    yield attack("driving_signed_beside_a_strangers_seal", "seal_maker_unknown", "OFD-10 OFD-11",
                 _beside_a_stranger,
                 also=("no_anchor", "signer_not_issuer", "signature_missing"))  # fmt: skip


def _beside_a_stranger(scene: Scene) -> bytes:
    """The issuer signs, and somebody unknown seals."""
    who = _university(scene)

    def plain(content: bytes) -> bytes:
        return cms.signed_data(CmsPlan(content=content, signer=who, at=scene.job.at))

    stranger = Job(holder=scene.world.seals.holders["stranger-current"], at=scene.job.at)
    return ofd.write(scene.made, scene.shape, replace(scene.job, plain=plain), stranger)


# ---- bare values


def _bare(*, raw: bool) -> Forge:
    """R and s over Signature.xml, and nothing that says whose."""

    def forge(scene: Scene) -> bytes:
        key = scene.job.holder.unit.key

        def plain(content: bytes) -> bytes:
            if raw and isinstance(key, Sm2Key):
                return encode_raw(key.private.sign(content, public=key.public))
            return cms.sign(key, content)

        return ofd.write(scene.made, scene.shape, replace(scene.job, plain=plain))

    return forge


def bare() -> Iterator[OfdAttack]:
    for name, raw in (("der", False), ("raw", True)):
        yield _plain(f"bare_value_{name}", "signature_unsupported", _bare(raw=raw), signed())
        yield attack(f"driving_bare_value_{name}", "signature_unsupported", "OFD-10 OFD-11",
                     _bare(raw=raw), also=("signature_missing",))  # fmt: skip


# ---- time


_ENDED = unit_of("s-plain-ended", window=(-730, -10))


def _ended(*, stamp: bool, wrong: bool = False) -> Forge:
    """By a certificate that has ended since."""

    def forge(scene: Scene) -> bytes:
        service = tsa(scene.world.authorities)
        at = scene.day(-100)
        write = stamping(service, at + timedelta(hours=1))

        def bend(plan: CmsPlan) -> CmsPlan:
            token: Callable[[bytes], bytes] | None = write if stamp else None
            if wrong:
                token = lambda value: write(value + b"\0")  # noqa: E731
            return replace(plan, at=at, stamp=token)

        made = replace(scene.job, at=at)
        who = signer_of(_ENDED(scene))

        def plain(content: bytes) -> bytes:
            return cms.signed_data(bend(CmsPlan(content=content, signer=who, at=at)))

        return ofd.write(scene.made, scene.shape, replace(made, plain=plain))

    return forge


def times() -> Iterator[OfdAttack]:
    """A token over the value proves the time here too (RFC 3161, appendix A)."""
    proven = _ended(stamp=True)
    yield _plain("signed_ended_since", "key_expired_since", _ended(stamp=False), proven,
                 threats="OFD-20")  # fmt: skip
    yield _plain("signed_stamp_of_another", "timestamp_invalid", _ended(stamp=True, wrong=True),
                 proven, threats="OFD-21")  # fmt: skip


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (modes, containers, seals_asked, bare, times):
        yield from family()


def tolerated() -> Iterator[OfdAttack]:
    """Signatures without a seal that are valid where no seal is asked for."""
    for name, bend in MODES.items():
        yield _plain(f"signed_{name}", None, signed(bend))
    yield _plain("signed_and_stamped", None, _ended(stamp=True), threats="OFD-20 OFD-21")
    yield _plain("signed_method_of_the_key", None, signed(method=cms.SM2_SIGNING))
