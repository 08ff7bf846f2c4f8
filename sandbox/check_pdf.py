"""Dump and check the SM2 signatures and seals of PDF files, by the standards alone.

    python -m sandbox.check_pdf FILE …          facts and findings of every signature
    python -m sandbox.check_pdf --json FILE …   one JSON line a file

Finds signatures by their octets and reads no structure: whether /ByteRange leaves out exactly
/Contents, whether the digest is of what it covers, whether the value is by the certificate's SM2
key, and of a seal (GB/T 38540-2020) its maker's value and its list. How many octets came later is
told, not judged; RSA and ECDSA are not asked. Exit 1 on any finding.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.reading import keys, seals
from sandbox.reading.der import Unreadable, Value, read
from sandbox.sm2 import sm3

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_CONTENTS = re.compile(rb"/Contents\s*(<[0-9A-Fa-f\s]*>)")
_SUB_FILTER = re.compile(rb"/SubFilter\s*/([!-'*-.0-;=?-Z\\^-z|~]+)")
_DICTIONARY = re.compile(rb"<<(?:[^<>]|<[0-9A-Fa-f\s]*>|<<[^<>]*>>)*>>")
_SIGNED_DATA = ("1.2.156.10197.6.1.4.2.2", "1.2.840.113549.1.7.2")
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SM3 = "1.2.156.10197.1.401"
_SM2 = ("1.2.156.10197.1.301.1", "1.2.156.10197.1.501")


@dataclass(slots=True)
class Report:
    """Facts of one signature, and the words of what is wrong with it."""

    facts: dict[str, object] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)


def check(data: bytes) -> list[Report]:
    """Every signature dictionary that can be seen; never raises."""
    return [_signature(data, found) for found in _dictionaries(data)]


def words(data: bytes) -> frozenset[str]:
    """Of all signatures together."""
    return frozenset(word for report in check(data) for word in report.findings)


def _dictionaries(data: bytes) -> Iterator[re.Match[bytes]]:
    return (found for found in _DICTIONARY.finditer(data) if b"/SubFilter" in found[0])


def _signature(data: bytes, dictionary: re.Match[bytes]) -> Report:
    report, base = Report(), dictionary.start()
    named = _SUB_FILTER.search(dictionary[0])
    report.facts["sub_filter"] = named[1].decode() if named else None
    ranges, contents = _RANGE.search(dictionary[0]), _CONTENTS.search(dictionary[0])
    if contents is None:
        report.findings["signature_unreadable"] = "no /Contents"
        return report
    gap = base + contents.start(1), base + contents.end(1)
    if ranges is None:
        report.findings["byte_range_inexact"] = "no /ByteRange"
        return report
    start, length, second, rest = (int(n) for n in ranges.groups())
    report.facts |= {"covers": length + rest, "later": len(data) - second - rest}
    if (start, length, second) != (0, *gap) or second + rest > len(data):
        report.findings["byte_range_inexact"] = f"{(start, length, second)} is not {(0, *gap)}"
    if not data[: second + rest].rstrip().endswith(b"%%EOF"):
        report.findings["byte_range_inexact"] = "ends inside a revision"
    covered = data[:length] + data[second : second + rest]
    octets = bytes.fromhex(re.sub(rb"\s", b"", contents[1][1:-1]).decode())
    if report.facts["sub_filter"] == "ETSI.RFC3161":  # a timestamp's word is about time
        report.facts["judged"] = False
        return report
    try:
        _value(report, _first(octets), covered)
    except ValueError as exc:
        report.findings["signature_unreadable"] = str(exc)
    return report


def _first(octets: bytes) -> bytes:
    """The value before the zeros that fill its space."""
    if not octets.strip(b"\x00"):
        raise Unreadable("nothing but zeros")
    size, body = octets[1], 2
    if size & 0x80:
        body += size & 0x7F
        size = int.from_bytes(octets[2:body], "big")
    if octets[body + size :].strip(b"\x00"):
        raise Unreadable("something behind the value")
    return octets[: body + size]


def _value(report: Report, der: bytes, covered: bytes) -> None:
    members = read(der).children()
    if members and members[0].tag == 0x06:
        _signed_data(report, members, covered)
        return
    signed = seals.signature(der)
    report.facts |= {"layout": "GB/T 38540-2020", "seal": signed.seal.id}
    if not keys.holds(signed.certificate, signed.algorithm, signed.message, signed.value):
        report.findings["signature_invalid"] = ""
    if signed.data_hash != sm3(covered):
        report.findings["data_hash_differs"] = ""
    seal = signed.seal
    if not keys.holds(seal.maker, seal.algorithm, seal.message, seal.value):
        report.findings["seal_invalid"] = ""
    if not seals.lists(seal, signed.certificate):
        report.findings["signer_not_in_seal"] = ""


def _signed_data(report: Report, outer: list[Value], covered: bytes) -> None:
    """GB/T 35275 §8 and RFC 5652 §5: one signer, attributes under the signature."""
    kind, tagged = outer
    if kind.oid() not in _SIGNED_DATA:
        raise Unreadable("not SignedData")
    _, _, encapsulated, *rest = tagged.children()[0].children()
    if len(encapsulated.children()) != 1:
        raise Unreadable("content inside a detached container")
    certificates = [c for each in rest if each.tag == 0xA0 for c in each.children()]
    signers = rest[-1].children()
    if len(signers) != 1:
        raise Unreadable("not one signer")
    _, sid, digest, attributes, algorithm, value, *_ = signers[0].children()
    own = next((c for c in certificates if _names(c, sid)), None)
    report.facts |= {"layout": "SignedData", "digest": digest.children()[0].oid()}
    if own is None:
        raise Unreadable("the signer's certificate is not there")
    if algorithm.children()[0].oid() not in _SM2 or digest.children()[0].oid() != _SM3:
        report.facts["judged"] = False
        return
    message = b"\x31" + attributes.raw[1:]
    if not keys.holds(own.raw, _SM2[1], message, value.octets()):
        report.findings["signature_invalid"] = ""
    said = next(
        each.children()[1].children()[0].octets()
        for each in attributes.children()
        if each.children()[0].oid() == _MESSAGE_DIGEST
    )
    if said != sm3(covered):
        report.findings["data_hash_differs"] = ""


def _names(certificate: Value, sid: Value) -> bool:
    body = certificate.children()[0].children()
    serial, issuer = (body[1], body[3]) if body[0].tag == 0xA0 else (body[0], body[2])
    return [part.raw for part in sid.children()] == [issuer.raw, serial.raw]


def main() -> int:
    files = [name for name in sys.argv[1:] if name != "--json"]
    wrong = False
    for name in files:
        reports = check(Path(name).read_bytes())
        wrong |= any(report.findings for report in reports) or not reports
        told = [{"facts": r.facts, "findings": r.findings} for r in reports]
        if "--json" in sys.argv[1:]:
            print(json.dumps({"file": name, "signatures": told}, ensure_ascii=False))
            continue
        print(name)
        for each in told:
            print(f"  {each['facts']}  {each['findings'] or 'nothing wrong'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
