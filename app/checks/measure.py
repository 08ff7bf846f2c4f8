"""The mathematics, done once, before anything is judged: bytes and keys in, facts out."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.checks.measure_package import package_facts
from app.checks.measure_pdf import measure_pdf, pdf_facts
from app.checks.measure_seals import measure_sealing
from app.crypto import schemes
from app.domain.certificate import Purpose
from app.domain.errors import InvalidSignature
from app.domain.facts import DocumentFacts, Facts, SignatureFacts, Value
from app.domain.license import Claims, ParsedLicense, PdfSealing, Sealing, Signature
from app.domain.sealed import PackageFacts
from app.domain.signers import Signers
from app.domain.trust import NO_AUTHORITIES, Trust, TrustedKey

_NO_SCHEME = "the algorithm is none of ours"


def measure(
    license: ParsedLicense,
    trust: Trust,
    *,
    now: datetime,
    at: datetime | None = None,
    max_status_age: timedelta | None = None,
    matter: str | None = None,
    signers: Signers | None = None,
    sm_only: bool = False,
) -> Facts:
    """Everything the checks will read. What is left behind are bytes and personal values.

    `signers`: it is judged as a sealed document that is no license, by anchors for those.
    """
    by = Purpose.LICENSE_SEAL if signers is None else Purpose.SEALED_DOCUMENT
    signatures = (
        *(_measured(s, trust.keys.get(s.key_id)) for s in license.signatures),
        *(
            measure_pdf(s, trust, now, by)
            if isinstance(s, PdfSealing)
            else measure_sealing(s, trust, now, by)
            for s in license.sealings
        ),
    )
    return Facts(
        document=_document(license, signatures),
        trust=replace(trust, authorities=NO_AUTHORITIES, seal_status={}),
        now=now,
        at=at,
        max_status_age=max_status_age,
        matter=matter,
        signers=signers,
        sm_only=sm_only,
    )


def _measured(signature: Signature, key: TrustedKey | None) -> SignatureFacts:
    value, detail = _value(signature, key)
    return SignatureFacts(
        label=signature.label,
        scheme=signature.scheme,
        signer=signature.signer,
        key_id=signature.key_id,
        covers=signature.covers,
        signed_at=signature.signed_at,
        value=value,
        detail=detail,
    )


def _value(signature: Signature, key: TrustedKey | None) -> tuple[Value, str]:
    if key is None:
        return (Value.UNMEASURED, "") if signature.scheme else (Value.UNSUPPORTED, _NO_SCHEME)
    if key.scheme is not signature.scheme:
        return Value.SCHEME_DIFFERS, f"the key is registered for {key.scheme}"
    try:
        schemes.verify_jose(
            key.scheme, spki=key.spki, message=signature.message, value=signature.value
        )
    except InvalidSignature as exc:
        return Value.FAILS, str(exc)
    return Value.HOLDS, ""


def _document(license: ParsedLicense, signatures: tuple[SignatureFacts, ...]) -> DocumentFacts:
    claims, identifier = license.claims, license.claims.identifier
    return DocumentFacts(
        format=license.format,
        identifier=identifier,
        identifiers=claims.identifiers,
        type=identifier.type if identifier else claims.type,
        issuer=identifier.issuer if identifier else claims.issuer,
        stated=frozenset(claims.values()),
        misnamed=_misnamed(claims),
        disagreements=claims.disagreements,
        valid_from=claims.valid_from,
        valid_until=claims.valid_until,
        is_copy=claims.is_copy,
        copy_until=claims.copy_until,
        copy_matter=claims.copy_matter,
        presentation_until=claims.presentation_until,
        signatures=signatures,
        package=_package(license),
        photo=license.photo.facts if license.photo else None,
        coded=claims.code is not None,
        digested=license.digested,
        invoice=license.invoice,
    )


def _package(license: ParsedLicense) -> PackageFacts | None:
    if license.pdf is not None:
        return pdf_facts(license.pdf)
    if license.package is None:
        return None
    sealings = (s for s in license.sealings if isinstance(s, Sealing))
    return package_facts(license.package, sealings)


def _misnamed(claims: Claims) -> tuple[str, ...]:
    if claims.identifier is None:
        return ()
    pairs = {
        "type": (claims.type, claims.identifier.type),
        "issuer": (claims.issuer, claims.identifier.issuer),
    }
    return tuple(name for name, (stated, named) in pairs.items() if stated not in (None, named))
