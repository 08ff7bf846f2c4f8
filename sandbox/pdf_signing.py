"""Who signs a PDF license and how: seals of GB/T 38540, and SignedData by SM2, ECDSA or RSA."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sandbox import cms, ofd, pdf, ses
from sandbox.authorities import Authorities
from sandbox.cms import CmsPlan, Signer, signer_of
from sandbox.keys import EcKey, RsaKey, make_key
from sandbox.pdf import Paper, Signing, Values
from sandbox.seals import SealHolder, subject_of
from sandbox.ses import SealPlan, SignaturePlan
from sandbox.shapes import SHAPES
from sandbox.sm2 import sm3
from sandbox.stamping import tsa
from sandbox.world import World

WINDOW = (-730, 1500)
"""Days of certificates made for PDF alone."""
DETACHED, CADES = "adbe.pkcs7.detached", "ETSI.CAdES.detached"
_TAX = SHAPES["tax"]


@dataclass(frozen=True, slots=True)
class Hand:
    """A seal holder about to sign at a time."""

    world: World
    holder: SealHolder
    at: datetime

    @property
    def made(self) -> Authorities:
        return self.world.authorities


def seal_value(
    hand: Hand,
    *,
    seal: Callable[[SealPlan], SealPlan] = lambda plan: plan,
    signature: Callable[[SignaturePlan], SignaturePlan] = lambda plan: plan,
) -> Values:
    """电子签章: SES_Signature whose dataHash is the SM3 digest of what /ByteRange covers."""
    used = ses.seal(seal(ofd.seal_plan(hand.holder, _TAX)))

    def value(covered: bytes) -> bytes:
        plan = SignaturePlan(
            seal=used,
            signer=hand.holder.unit,
            at=hand.at,
            data_hash=sm3(covered),
            property_info="/ByteRange",
            times=_TAX.times,
        )
        return ses.signature(signature(plan))

    return value


def cms_value(
    signer: Signer,
    at: datetime | None,
    digest: str,
    bend: Callable[[CmsPlan], CmsPlan] = lambda plan: plan,
) -> Values:
    """签名: SignedData over what /ByteRange covers."""

    def value(covered: bytes) -> bytes:
        plan = CmsPlan(content=covered, signer=signer, at=at, digest=digest)
        return cms.signed_data(bend(plan))

    return value


def ecdsa(hand: Hand) -> Signer:
    """The holder's P-256 key, with a certificate of its own."""
    key = make_key("ES256", hand.world.seed, f"pdf/{hand.holder.name}")
    if not isinstance(key, EcKey):
        raise TypeError("P-256 is needed")
    return _certified(hand, key, "ecdsa")


def rsa(hand: Hand) -> Signer:
    """The holder's RSA key."""
    key = make_key("PS256", hand.world.seed, f"pdf/{hand.holder.name}")
    if not isinstance(key, RsaKey):
        raise TypeError("RSA is needed")
    return _certified(hand, key, "rsa")


def _certified(hand: Hand, key: EcKey | RsaKey, kind: str) -> Signer:
    who = subject_of(hand.holder.body, hand.holder.code)
    plan = hand.made.plan(f"{hand.holder.name}-{kind}", who, key.spki(), WINDOW)
    return Signer(hand.made.issuing.issue(plan), key)


# ---- kinds of honest signatures


def sealed(hand: Hand) -> Signing:
    return Signing(value=seal_value(hand), at=hand.at)


def signed_sm2(hand: Hand) -> Signing:
    value = cms_value(signer_of(hand.holder.unit), hand.at, cms.SM3)
    return Signing(value=value, at=hand.at, filter="Adobe.PPKLite", sub_filter=DETACHED)


def signed_ecdsa(hand: Hand) -> Signing:
    value = cms_value(ecdsa(hand), hand.at, cms.SHA256)
    return Signing(value=value, at=hand.at, filter="Adobe.PPKLite", sub_filter=CADES)


def signed_rsa(hand: Hand) -> Signing:
    value = cms_value(rsa(hand), hand.at, cms.SHA256)
    return Signing(value=value, at=hand.at, filter="Adobe.PPKLite", sub_filter=DETACHED)


def stamped(hand: Hand) -> Signing:
    """A document timestamp (文档时间戳)."""
    unit = tsa(hand.made)
    return Signing(
        value=lambda covered: cms.timestamp(sm3(covered), unit, hand.at),
        type="DocTimeStamp",
        sub_filter="ETSI.RFC3161",
        filter="Adobe.PPKLite",
    )


KINDS: Mapping[str, Callable[[Hand], Signing]] = MappingProxyType(
    {"seal": sealed, "sm2": signed_sm2, "ecdsa": signed_ecdsa, "rsa": signed_rsa}
)
"""Name → an honest way to sign."""


def validation_data(paper: Paper, made: Authorities) -> Paper:
    """A revision with validation data (DSS): certificates and revocation lists."""
    store, certificate, crl = paper.size, paper.size + 1, paper.size + 2
    catalog = {**paper.catalog, "/DSS": f"{store} 0 R"}
    objects = {
        pdf.CATALOG: pdf.dictionary(catalog),
        store: f"<</Type /DSS /Certs [{certificate} 0 R] /CRLs [{crl} 0 R]>>".encode(),
        certificate: pdf.stream(made.issuing.certificate, deflate=True),
        crl: pdf.stream(made.issuing_crl, deflate=True),
    }
    return pdf.save(replace(paper, catalog=catalog), objects)
