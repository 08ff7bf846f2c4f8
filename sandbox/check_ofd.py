"""Dump and check the seals and signatures of OFD files by the standards alone.

GB/T 38540-2020 §6.3, §7.3, GM/T 0031-2014 and GM/T 0031-2025; SignedData of GB/T 35275; timestamps.

    python -m sandbox.check_ofd FILE …          facts and findings of every signature
    python -m sandbox.check_ofd --json FILE …   one JSON line a file

Asks whether the archive has one reading, whether values, seal, list, dataHash, propertyInfo,
references and timestamps hold, what is left uncovered, and whether the times agree with each
other. Who is trusted, what was revoked and what the issuer says are not asked. Exit 1 on any
finding.
"""

import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

from sandbox.reading import keys, packages, seals, signed
from sandbox.reading.der import BEIJING, Unreadable, read
from sandbox.reading.packages import Package, below, markup, only, path, resolve
from sandbox.sm2 import sm3

CLOCKS = timedelta(minutes=10)
EIGHT_HOURS = timedelta(hours=8)
Digest = Callable[[bytes], bytes]
_SM3_NAMES = ("sm3", "1.2.156.10197.1.401", "1.2.156.10197.1.401.2")
_WEAK = ("md5", "sha1", "1.3.14.3.2.26", "1.2.840.113549.2.5")
_WEAK_SIGNATURES = ("1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.1")
_SM2_METHODS = ("", "1.2.156.10197.1.501")


@dataclass(slots=True)
class Report:
    """Facts of one signature, and the words of what is wrong with it."""

    id: str
    facts: dict[str, object] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)

    def find(self, word: str, detail: str = "") -> None:
        self.findings.setdefault(word, detail)


@dataclass(slots=True)
class Checked:
    """Of one file: findings about the whole, and a report of each signature."""

    findings: dict[str, str] = field(default_factory=dict)
    signatures: list[Report] = field(default_factory=list)

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self.findings).union(*(report.findings for report in self.signatures))

    def told(self) -> dict[str, object]:
        reports = [{"id": r.id, "facts": r.facts, "findings": r.findings} for r in self.signatures]
        return {"findings": self.findings, "signatures": reports}


def check(data: bytes) -> Checked:
    """Everything this checker can say of a file; never raises."""
    checked = Checked()
    problem = packages.plain_archive(data)
    if problem:
        checked.findings["archive"] = problem
    try:
        package = packages.package(packages.members(data))
        _signatures(package, checked)
    except Unreadable as exc:
        checked.findings["malformed"] = str(exc)
        return checked
    if package.encrypted:
        checked.findings["encrypted"] = ""
    if package.bodies != 1 or package.versions:
        checked.findings["ambiguous_document"] = f"{package.bodies} bodies"
    if not checked.signatures:
        checked.findings["signature_missing"] = ""
    return checked


def _signatures(package: Package, checked: Checked) -> None:
    met = set(package.reached) | {"Encryptions.xml"}
    seen = set[str]()
    for part in package.lists:
        met.add(part)
        for entry in below(markup(package.members[part]), "Signature"):
            location = resolve(entry.get("BaseLoc", ""), part)
            if location not in package.members or {location, entry.get("ID", "")} & seen:
                raise Unreadable("the list names a signature that is missing or twice there")
            if entry.get("Type", "Seal") not in {"Seal", "Sign"}:
                raise Unreadable("the list names a type that is none")
            seen |= {location, entry.get("ID", "")}
            report, files = _signature(
                package, location, entry.get("ID", ""), entry.get("Type", "Seal")
            )
            met |= files
            checked.signatures.append(report)
    hidden = sorted(set(package.members) - met)
    if hidden:
        checked.findings["hidden_content"] = ", ".join(hidden[:5])


def _act(value: bytes) -> seals.Signature | signed.Signed:
    """What SignedValue.dat holds, by its structure."""
    members = read(value).expect(0x30, "SignedValue").children()
    plain = bool(members) and members[0].tag == 0x06
    return signed.signed(value) if plain else seals.signature(value)


def _signature(package: Package, part: str, identifier: str, kind: str) -> tuple[Report, set[str]]:
    """The report of one signature, and the files that belong to it."""
    report, content = Report(identifier), package.members[part]
    root = markup(content)
    if packages.local(root) != "Signature":
        raise Unreadable("a description of another namespace")
    info = only(root, "SignedInfo")
    covered = _references(package, info, part, report)
    location = resolve(path(only(root, "SignedValue")), part)
    seal_at = _seal_file(info, part)
    uncovered = sorted(package.shown - covered)
    report.facts |= {"covered": len(covered), "uncovered": uncovered}
    if uncovered or not covered:
        report.find("not_covered", ", ".join(uncovered[:5]))
    try:
        if location not in package.members:
            raise Unreadable("the signed value is missing")
        if seals.is_bare(package.members[location]):
            report.find("signature_unsupported", "a bare value is nobody's")
            return report, {part, location}
        act = _act(package.members[location])
    except ValueError as exc:  # what cannot be unpacked is as unreadable as what cannot be read
        report.find("signature_unreadable", str(exc))
        return report, {part, location} | ({seal_at} if seal_at else set())
    if isinstance(act, seals.Signature):
        _judge(report, act, content, part)
        _times(report, act.at, act.algorithm, info)
        if seal_at and package.members.get(seal_at) != act.seal.raw:
            report.find("seal_file_differs")
    else:
        _judge_plain(report, act, content)
        _times(report, act.at, act.algorithm, info)
        if kind == "Seal":
            report.find("type_disagrees", "a signature that the list calls a seal")
    return report, {part, location} | ({seal_at} if seal_at else set())


def _seal_file(info: Element, part: str) -> str | None:
    named = below(info, "Seal")
    return resolve(path(only(named[0], "BaseLoc")), part) if named else None


def _digest(written: str | None) -> Digest | None:
    name = (written or "md5").lower()
    if name in _SM3_NAMES:
        return sm3
    if name in {"sha256", "sha-256", "2.16.840.1.101.3.4.2.1"}:
        return lambda data: hashlib.sha256(data).digest()
    return None


def _references(package: Package, info: Element, part: str, report: Report) -> set[str]:
    """Parts that are referenced by a digest known here, whether or not it holds."""
    listed = only(info, "References")
    method, covered, met = listed.get("CheckMethod"), set[str](), set[str]()
    digest = _digest(method)
    weak = (method or "md5").lower() in _WEAK
    if weak:
        report.find("weak_algorithm", method or "CheckMethod is absent")
    changed = 0
    for one in below(listed, "Reference"):
        target = resolve(one.get("FileRef", ""), part)
        if target in met:
            raise Unreadable("a part is referenced twice")
        met.add(target)
        try:
            text = "".join(path(only(one, "CheckValue")).split())
            expected = base64.b64decode(text, validate=True)
        except binascii.Error as exc:
            raise Unreadable("a digest that is no base64") from exc
        found = package.members.get(target)
        if found is None or (digest is not None and digest(found) != expected):
            changed += 1
        if found is not None and (digest is not None or weak):
            covered.add(target)
    if changed:
        report.find("content_changed", f"{changed} references")
    report.facts |= {"check_method": method, "references": len(met), "changed": changed}
    return covered


def _judge(report: Report, act: seals.Signature, content: bytes, part: str) -> None:
    seal = act.seal
    report.facts |= {
        "layout": seals.LAYOUTS[seal.layout], "version": seal.version,
        "vendor": seal.vendor, "seal": seal.id, "name": seal.name,
        "picture": seal.picture, "signed": _iso(act.at), "algorithm": act.algorithm,
        "seal_window": [_iso(seal.since), _iso(seal.until)], "scope": act.scope,
    }  # fmt: skip
    _value(report, act)
    try:
        if not keys.holds(seal.maker, seal.algorithm, seal.message, seal.value):
            report.find("seal_invalid")
    except ValueError as exc:
        report.find("seal_invalid", str(exc))
    for algorithm in {seal.algorithm, act.algorithm}.intersection(_WEAK_SIGNATURES):
        report.find("weak_algorithm", algorithm)
    if not seals.lists(seal, act.certificate):
        report.find("signer_not_in_seal")
    if sm3(content) != act.data_hash:
        report.find("data_hash_differs")
    if act.scope.lstrip("/") != part:
        report.find("scope_differs", act.scope)
    if not seal.since <= act.at <= seal.until or act.at < seal.created - CLOCKS:
        report.find("seal_not_valid_at_time")
    if seal.layout == 5 and seal.created > seal.until:
        report.find("seal_not_valid_at_time", "made after its end")
    _stamps(report, act)


def _stamps(report: Report, act: seals.Signature) -> None:
    """The token over the signature value, and of 2025 the one over the seal's."""
    faults = []
    if act.stamp is not None:
        about = None if act.inside else act.value
        claimed = None if act.inside else act.at
        faults.append(signed.stamp_fault(act.stamp, about, claimed))
    if act.seal.stamp is not None:
        fault = signed.stamp_fault(act.seal.stamp, act.seal.value, None)
        early = fault is None and signed.stamp_time(act.seal.stamp) < act.seal.created
        faults.append("older than the seal" if early else fault)
    report.facts["timestamps"] = len(faults)
    for fault in faults:
        if fault is not None:
            report.find("timestamp_invalid", fault)


def _judge_plain(report: Report, act: signed.Signed, content: bytes) -> None:
    """SignedData: what it is about, whose it is, whether its value holds."""
    report.facts |= {
        "layout": "SignedData", "algorithm": act.algorithm, "digest": act.digest,
        "inside": None if act.content is None else len(act.content),
        "attributes": act.attributes is not None,
    }  # fmt: skip
    if not act.about(content):
        report.find("data_hash_differs")
    if act.certificate is None:
        report.find("signature_unsupported", "nobody's certificate")
        return
    certificate = keys.certificate(act.certificate)
    report.facts["signer"] = certificate.subject
    if not act.holds(content):
        report.find("signature_invalid")
    if not certificate.signs:
        report.find("certificate_unfit")
    if act.at and not certificate.not_before <= act.at <= certificate.not_after:
        report.find("signed_outside_window")
    if act.token is not None:
        fault = signed.stamp_fault(act.token, act.value, act.at)
        if fault is not None:
            report.find("timestamp_invalid", fault)


def _value(report: Report, act: seals.Signature) -> None:
    """The signer's value and certificate."""
    try:
        certificate = keys.certificate(act.certificate)
        value_holds = keys.holds(act.certificate, act.algorithm, act.message, act.value)
    except ValueError as exc:
        report.find("signature_unreadable", str(exc))
        return
    report.facts |= {"signer": certificate.subject, "value": value_holds}
    if not value_holds:
        report.find("signature_invalid")
    if not certificate.not_before <= act.at <= certificate.not_after:
        report.find("signed_outside_window")
    if not certificate.signs:
        report.find("certificate_unfit")


def _times(report: Report, at: datetime | None, algorithm: str, info: Element) -> None:
    method = "".join(path(one) for one in below(info, "SignatureMethod"))
    if method not in {*_SM2_METHODS, algorithm}:
        report.find("algorithm_mismatch", method)
    outer = _clock("".join(path(one) for one in below(info, "SignatureDateTime")))
    if outer is None or at is None:
        return
    apart = abs(outer - at)
    if apart > CLOCKS and abs(apart - EIGHT_HOURS) > CLOCKS:
        report.find("times_disagree", str(apart))


def _clock(text: str) -> datetime | None:
    """SignatureDateTime in the spellings of standards §3.10."""
    if re.fullmatch(r"1\d{12}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    zone = UTC if text.endswith("Z") else BEIJING
    digits = re.sub(r"[-: TZ]", "", text.split(".", maxsplit=1)[0])
    if len(digits) == 12:
        digits = "20" + digits
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None


def _iso(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat()


def _print(name: str, checked: Checked) -> None:
    print(name)
    _words("  ", checked.findings)
    for report in checked.signatures:
        print(f"  signature {report.id}")
        for fact, value in report.facts.items():
            print(f"    {fact:14} {value}")
        _words("    ", report.findings)


def _words(indent: str, findings: Mapping[str, str]) -> None:
    for word, detail in findings.items():
        print(f"{indent}! {word} {detail}".rstrip())


def main() -> int:
    names = [name for name in sys.argv[1:] if name != "--json"]
    if not names:
        print(__doc__)
        return 2
    wrong = False
    for name in names:
        checked = check(Path(name).read_bytes())
        wrong |= bool(checked.words)
        if "--json" in sys.argv:
            print(json.dumps({"file": name, **checked.told()}, ensure_ascii=False))
        else:
            _print(name, checked)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
