"""Whom an authority vouches for by a certificate it issued (CRT-11, standards §3.11).

谁签章谁核验 rests on this: by an organisation code, never by a name; and by a code only where the
authority itself states it. That it does in the extensions of GB/T 20518 and GM/T 0015-2023; in O
only if the operator registered that it verifies O; in OU never.
"""

from app.domain.certificate import Anchor, Certificate, Named, NameGap
from app.domain.codes import region_within, uscc_region


def named_by(certificate: Certificate, anchor: Anchor) -> Named:
    """The one organisation that a certificate under this anchor is about."""
    codes = certificate.certified_codes
    if not codes and anchor.organisation_verified:
        codes = certificate.named_codes
    if not codes:
        written = bool(certificate.organisation_codes)
        return Named(gap=NameGap.NOT_VERIFIED if written else NameGap.NO_CODE)
    if len(codes) > 1:
        return Named(gap=NameGap.SEVERAL)
    (code,) = codes
    if anchor.region is not None and not region_within(uscc_region(code), anchor.region):
        return Named(gap=NameGap.OUTSIDE_REGION)
    return Named(code, None)
