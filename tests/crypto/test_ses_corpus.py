"""Seals and signatures of real documents, against the facts an independent check wrote down.

Source: the details file and the manifest of the corpus. Every signature with a seal is here, v1 and v4;
a difference between its facts and what we find is listed with its reason, or the test fails.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest

from app.crypto.certificates import read_certificate
from app.crypto.ses import (
    lists_signer,
    read_seal,
    read_seal_signature,
    verify_seal,
    verify_signature,
)
from app.crypto.weak import WeakAlgorithm
from app.domain.errors import InvalidSignature, Malformed
from app.domain.seal import SealDeviation, SealLayout, SealSignature
from tests.corpus import CORPUS, corpus_file, manifest


@dataclass(frozen=True)
class Stated:
    """One bullet of the details file."""

    path: str
    number: int
    line: str

    def word(self, pattern: str) -> str:
        found = re.search(pattern, self.line)
        assert found, pattern
        return found[1]

    def __str__(self) -> str:
        return f"{self.path.rsplit('/', 1)[-1]}#{self.number}"


def stated(layout: str) -> Iterator[Stated]:
    """The bullets whose structure is `layout`."""
    details = CORPUS / "OFD_SIGNED_DETAILS.md"
    if not details.exists():
        return
    path, number = "", 0
    for line in details.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            path, number = line[3:].rsplit("  [", 1)[0], 0
        elif line.startswith("- sig "):
            number += 1
            if f"struct=[{layout}" in line:
                yield Stated(path, number, line)


@cache
def values(path: str) -> tuple[bytes, ...]:
    """The signed values of a document, in the order of its list of signatures."""
    with zipfile.ZipFile(corpus_file(*path.split("/"))) as archive:
        names = {n.lstrip("/").lower(): n for n in archive.namelist()}

        def inside(folder: str, place: str) -> str:
            below = f"{folder}/{place}".lower()
            return below if below in names else place.lstrip("/").lower()

        listing = next(n for n in names if n.endswith("signatures.xml"))
        found = []
        for place in re.findall(r'BaseLoc="([^"]+)"', archive.read(names[listing]).decode()):
            one = inside(listing.rsplit("/", 1)[0], place)
            value = re.search(r"SignedValue>\s*([^<\s]+)", archive.read(names[one]).decode())
            assert value
            found.append(archive.read(names[inside(one.rsplit("/", 1)[0], value[1])]))
    return tuple(found)


def read(row: Stated) -> SealSignature:
    return read_seal_signature(values(row.path)[row.number - 1])


V4 = list(stated("V4"))
V1 = list(stated("V1"))

MOMENT = re.compile(r"(\d{2}|\d{4})(\d{10})(Z?)")


def as_moment(text: str) -> datetime:
    """A time of the details file, which keeps the characters of the document."""
    match = MOMENT.fullmatch(text)
    assert match
    century = "" if len(match[1]) == 4 else "20"
    zone = "+0000" if match[3] else "+0800"
    return datetime.strptime(century + match[1] + match[2] + zone, "%Y%m%d%H%M%S%z")


def test_the_corpus_is_here() -> None:
    corpus_file("OFD_SIGNED_DETAILS.md")
    assert len(V4) >= 24
    assert len(V1) >= 8


@pytest.mark.parametrize("row", V4, ids=str)
def test_v4_signatures_are_what_the_details_say(row: Stated) -> None:
    signature = read(row)
    seal = signature.seal
    assert signature.layout is SealLayout.V4
    assert signature.version == seal.version == 4
    made = verify_signature(signature)
    by_maker = verify_seal(seal)
    assert lists_signer(seal, signature.certificate) is ("not in seal certList" not in row.line)
    assert seal.vendor == row.word(r"header v4 vid=([^;]+);")
    assert seal.name == row.word(r"; name=([^;]+);")
    assert seal.picture.type == row.word(r"; pic=([^;]+);")
    assert seal.valid_from == as_moment(row.word(r"; valid (\w+)\.\."))
    assert seal.valid_until == as_moment(row.word(r"; valid \w+\.\.(\w+);"))
    raw_maker = SealDeviation.RAW_SIGNATURE in by_maker.deviations
    assert raw_maker is ("makerSig=OK raw64" in row.line)
    raw = SealDeviation.RAW_SIGNATURE in made.deviations
    assert raw is ("SM2/RSA=OK raw64" in row.line)
    minimal = SealDeviation.INTEGER_NOT_MINIMAL in made.deviations
    assert minimal is ("OK DER+nonminimal" in row.line)
    unsigned = SealDeviation.INTEGER_UNSIGNED in made.deviations
    assert unsigned is ("unsigned-reading" in row.line)
    times = signature.deviations | seal.deviations
    assert (SealDeviation.LOCAL_TIME in times) is ("without Z (local time)" in row.line)
    assert (SealDeviation.TWO_DIGIT_YEAR in times) is ("2-digit year" in row.line)


@pytest.mark.parametrize("row", V4, ids=str)
def test_the_signers_certificates_of_v4(row: Stated) -> None:
    signature = read(row)
    signer = read_certificate(signature.certificate)
    assert signer.not_before == datetime.fromisoformat(row.word(r" validity=(\S+?)\.\."))
    assert signer.not_after == datetime.fromisoformat(row.word(r" validity=\S+?\.\.(\S+)"))
    assert signature.time is not None
    assert signer.valid_at(signature.time) is ("cert_valid_at_signTime=True" in row.line)
    inside = signature.seal.valid_from <= signature.time <= signature.seal.valid_until
    assert inside is ("seal_valid_at_signTime=True" in row.line)
    common = row.word(r"signer=\{(?:[^}]*, )?CN=([^},]+)")
    assert common in {a.text for a in signer.subject}


UNREADABLE_V1 = {
    "ClientSigned.ofd#1": "timeInfo: time of a form",  # seconds since 1970 as text; expected invalid
    "test-signed.ofd#1": "timeInfo: time of a form",
    "test-signed.ofd#2": "timeInfo: time of a form",
    "n.ofd#1": "certList: OCTET STRING expected",  # a list of the text "1"; expected invalid
}
"""Rows of documents expected invalid that are refused for their structure, with the place."""

REFUSED_V1 = {
    "1533627515749.ofd#1": "curve not in the table",  # a key under .301.1; signer not listed either
    **{f"55.ofd#{i}": "does not verify" for i in range(1, 5)},
}


@pytest.mark.parametrize("row", V1, ids=str)
def test_v1_signatures_are_what_the_details_say(row: Stated) -> None:
    expected = {r.path: r.expected for r in manifest("ofd_signed")}[row.path]
    place = UNREADABLE_V1.get(str(row))
    if place is not None:
        assert expected == "invalid"
        with pytest.raises(Malformed, match=place):
            read(row)
        return
    signature = read(row)
    assert signature.layout is SealLayout.V1
    assert signature.seal.name == row.word(r"; name=([^;]+);")
    assert lists_signer(signature.seal, signature.certificate) is (
        "not in seal certList" not in row.line
    )
    if "makerSig=OK RSA-PKCS1 sha1" in row.line:
        with pytest.raises(WeakAlgorithm, match="RSA with SHA-1"):
            verify_seal(signature.seal)
    else:
        verify_seal(signature.seal)
    why = REFUSED_V1.get(str(row))
    if why is None:
        assert expected == "valid"
        verify_signature(signature)
    else:
        assert expected == "invalid"
        with pytest.raises(InvalidSignature, match=why):
            verify_signature(signature)


# ---- loose seals and values ----

PARTS = [row for row in manifest("ofd_parts") if row.path.endswith((".esl", "SignedValue.dat"))]


@pytest.mark.parametrize("row", PARTS, ids=lambda row: row.path.rsplit("/", 1)[-1])
def test_loose_parts(row) -> None:
    data = row.file.read_bytes()
    if row.expected == "valid":
        if row.path.endswith(".esl"):
            verify_seal(read_seal(data))
        else:
            signature = read_seal_signature(data)
            verify_signature(signature)
            verify_seal(signature.seal)
        return
    with pytest.raises((Malformed, InvalidSignature)):
        verify_seal(read_seal(data))


def test_all_seals_on_all_other_signatures_name_nobody() -> None:
    """OFD-14: a seal under the certificate of another document's signer."""
    signatures = {}
    for row in V4:
        signature = read(row)
        signatures[signature.certificate, signature.seal.id] = signature
    pairs = accepted = 0
    for one in signatures.values():
        for other in signatures.values():
            pairs += 1
            if lists_signer(one.seal, other.certificate):
                accepted += 1
                assert one.certificate == other.certificate
    assert pairs >= 150
    assert accepted >= len(signatures)


def test_values_of_containers_that_are_no_seals_are_malformed() -> None:
    for kind in ("CMS/PKCS7", "bare SM2"):
        for row in stated(kind):
            with pytest.raises(Malformed):
                read(row)


def test_times_are_aware() -> None:
    for row in V4:
        signature = read(row)
        assert signature.time is not None
        assert signature.time.tzinfo is UTC
