"""The signed report: the report itself, byte for byte, over a key anybody can look up."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.crypto.jose import ANSWER_TOKEN, split_compact
from app.crypto.provider import FolderKeys
from app.crypto.schemes import scheme_for_jose, verify_jose
from app.domain.errors import InvalidSignature, Unavailable
from app.domain.scheme import Scheme
from app.reports.canonical import canonical
from app.reports.report import report_of
from app.reports.signed import TYP, sign_report
from app.services.publish import ReportPublisher
from app.services.verify import Publisher
from tests.reports.scenes import CONTEXT, GOOD, GOOD_RECORD, unread

SCHEMES = (Scheme.ED25519, Scheme.ECDSA_P256_SHA256, Scheme.SM2_SM3)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_anybody_with_the_public_key_can_confirm_it(scheme: Scheme, tmp_path: Path) -> None:
    keys = FolderKeys(tmp_path / "keys", new_keys=scheme)
    report = report_of(GOOD, CONTEXT)
    jws = sign_report(canonical(report), keys.signer())
    token = split_compact(jws.encode(), ANSWER_TOKEN)
    (public,) = keys.public_keys()
    assert token.header["typ"] == TYP
    assert token.header["kid"] == public.jwk_thumbprint
    assert scheme_for_jose(token.header["alg"]) is scheme
    head, body, _ = jws.split(".")
    signed = f"{head}.{body}".encode()
    verify_jose(scheme, spki=public.spki, message=signed, value=token.signature)
    assert token.payload == canonical(report)
    assert json.loads(token.payload) == report
    # twin: one other octet, and it does not hold
    for other in (signed[:-1] + bytes([signed[-1] ^ 1]), b"x" + signed[1:]):
        with pytest.raises(InvalidSignature):
            verify_jose(scheme, spki=public.spki, message=other, value=token.signature)


def publisher(folder: Path) -> ReportPublisher:
    return ReportPublisher(keys=FolderKeys(folder), node="zhengyan-test", version="0.1.0")


def test_a_receipt_of_an_anonymous_caller_expires_after_a_day(tmp_path: Path) -> None:
    made: Publisher = publisher(tmp_path / "keys")
    for verification in (GOOD, GOOD_RECORD, unread()):
        receipt = made.publish(verification)
        assert receipt.expires_at == verification.at + timedelta(hours=24)
        assert receipt.report["id"] == verification.id
        assert split_compact(receipt.jws.encode(), ANSWER_TOKEN).payload == canonical(
            receipt.report
        )
    known = made.publish(replace(GOOD, purpose="matter-handling"))
    assert known.expires_at is None


class _Gone:
    """A key provider whose keys cannot be had."""

    def signer(self) -> object:
        raise Unavailable("the key cannot be had")


def test_without_the_nodes_key_nothing_is_published(tmp_path: Path) -> None:
    made = publisher(tmp_path / "keys")
    assert made.publish(GOOD).jws
    with pytest.raises(Unavailable):
        replace(made, keys=_Gone()).publish(GOOD)  # type: ignore[arg-type]
