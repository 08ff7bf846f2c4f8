"""Certification paths nobody here wrote: `python -m conformance.corpus_x509`.

x509-limbo, NIST PKITS and OpenSSL's own tests of verification, put to `validate_path` at the time
each names; written into docs/conformance-x509.md. Compared is the path of RFC 5280 §6.1 from the
leaf to the one anchor given. What the leaf may be used for is told beside it: the certificate of a
web server seals nothing here, whatever leads up to it.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.crypto.certificates import read_certificate
from app.crypto.paths import validate_path
from app.crypto.revocation import read_crl
from app.domain.certificate import Anchor, Chain, PathFact, Purpose, RevocationState
from app.domain.errors import Malformed
from tests.corpus import CORPUS, Row, manifest

DOCUMENT = Path(__file__).parents[1] / "docs/conformance-x509.md"
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
UNSAID = datetime(2026, 2, 1, tzinfo=UTC)
"""The time to judge at where a test names none; PKITS says: within 2010 and 2030."""

_AKI = "authorityKeyIdentifier helps to find an issuer; the path is found and checked without it"
_HOST = "host names are not compared: nobody is known by one here"
_KEY = (
    "of the leaf only the certificate is judged here; its key is refused by name "
    "(weak_algorithm, signature_unsupported) as soon as a signature by it is verified"
)
_NAMES = (
    "a malformed name in the leaf's subjectAltName; who signed is read from the organisation code "
    "its authority vouches for, and never from such a name"
)
ACCEPTED: Mapping[str, str] = MappingProxyType(
    {
        "pathlen__max-chain-depth-1-exhausted.json": "the limit is that caller's; ours is eight",
        "rfc5280__aki__intermediate-missing-aki.json": _AKI,
        "rfc5280__aki__leaf-missing-aki.json": _AKI,
        "rfc5280__eku__ee-wrong-eku.json": "asked for a server; clientAuth is what certificates "
        "of signers carry",
        "rfc5280__nc__nc-forbids-dnsname-wildcard-san.json": _NAMES,
        "rfc5280__nc__nc-permits-invalid-dns-san.json": _NAMES,
        "rfc5280__nc__nc-permits-invalid-email-san.json": _NAMES,
        "webpki__cn__ipv4-leading-zeros-mismatch.json": _HOST,
        "webpki__ee-basicconstraints-ca.json": "a rule for servers; a leaf that is an authority "
        "is refused by its role",
        "webpki__forbidden-p192-leaf.json": _KEY,
        "reject_explicit_curve_leaf_with_named_curve_intermediate.pem": _KEY,
        "webpki__forbidden-weak-rsa-in-leaf.json": _KEY,
        "fail_codesign_with_additional_anyExtendedKeyUsage.pem": "a rule for signers of programs; "
        "the role of the leaf is told beside the path",
    }
)
"""Paths the authors want refused and we find, each reviewed, and why that lets nobody in."""

_OCTETS = "names are compared octet by octet, as their authorities write them"
_ADDRESS = "constraints on addresses are not read, and what is not read is refused"
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "rfc5280__nc__permitted-ipv6-match.json": _ADDRESS,
        "4.3.10_Valid_Rollover_from_PrintableString_to_UTF8String_Test10.pem": _OCTETS,
        "4.3.4_Valid_Name_Chaining_Whitespace_Test4.pem": _OCTETS,
        "4.3.5_Valid_Name_Chaining_Capitalization_Test5.pem": _OCTETS,
        "accept_RSA_768_root_at_auth_level_0.pem": "RSA of 768 bits is refused at any level",
    }
)
"""Paths the authors want found and we refuse: doubt where they have none, and why."""


@dataclass(frozen=True, slots=True)
class Given:
    """One test."""

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    leaf: bytes
    lists: tuple[bytes, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What was said of one test."""

    row: Row
    said: str
    """chain / role / revocation, or why the leaf could not be read."""
    accepted: bool

    @property
    def name(self) -> str:
        return Path(self.row.path).name

    @property
    def agrees(self) -> bool:
        return self.accepted == (self.row.expected == "valid")

    @property
    def why(self) -> str:
        """Why it differs; empty: nobody has said."""
        return (ACCEPTED if self.accepted else REFUSED).get(self.name, "")


def given(row: Row) -> Given:
    """The test as its authors packed it."""
    text = row.file.read_text(encoding="utf-8")
    if row.file.suffix == ".json":
        return _limbo(json.loads(text))
    if "# LEAF" in text:
        return _openssl(text)
    first, *between, leaf = _pem(text)  # PKITS: the anchor first, the leaf last
    return Given((first,), tuple(between), leaf, (), UNSAID)


def _limbo(test: Mapping[str, Any]) -> Given:
    def several(member: str) -> tuple[bytes, ...]:
        return tuple(der for text in test.get(member) or () for der in _pem(text))

    at = test["validation_time"]
    return Given(
        several("trusted_certs"),
        several("untrusted_intermediates"),
        _pem(test["peer_certificate"])[0],
        several("crls"),
        datetime.fromisoformat(at) if at else UNSAID,
    )


def _openssl(text: str) -> Given:
    """Sections `# LEAF`, `# UNTRUSTED`, `# TRUSTED`."""
    found: dict[str, list[bytes]] = {"LEAF": [], "UNTRUSTED": [], "TRUSTED": []}
    for section in re.split(r"^# (?=LEAF|UNTRUSTED|TRUSTED)", text, flags=re.MULTILINE)[1:]:
        found[section.split()[0]] += _pem(section)
    trusted, between = tuple(found["TRUSTED"]), tuple(found["UNTRUSTED"])
    return Given(trusted, between, found["LEAF"][0], (), UNSAID)


def _pem(text: str) -> list[bytes]:
    blocks = re.findall(r"-----BEGIN [A-Z0-9 ]+-----([^-]+)-----END", text)
    return [base64.b64decode(block) for block in blocks]


def _anchor(der: bytes) -> Anchor:
    return Anchor(
        fingerprint=hashlib.sha256(der).hexdigest(),
        der=der,
        purposes=frozenset({Purpose.LICENSE_SEAL}),
        since=LONG_AGO,
    )


def examine(row: Row) -> Found:
    """One test, put to the validator of signers."""
    test = given(row)
    try:
        fact = validate_path(
            read_certificate(test.leaf),
            [read_certificate(der) for der in test.intermediates],
            [_anchor(der) for der in test.anchors],
            [read_crl(der) for der in test.lists],
            moment=test.at,
            purpose=Purpose.LICENSE_SEAL,
        )
    except Malformed as exc:
        return Found(row, f"unreadable: {exc}", accepted=False)
    said = f"{fact.chain.value} · {fact.role_finding.value} · {fact.revocation.state.value}"
    return Found(row, said, accepted=_path_found(fact))


def _path_found(fact: PathFact) -> bool:
    """A path, and nobody on it revoked. A leaf of another role has one all the same."""
    led = fact.chain in {Chain.ANCHORED, Chain.WRONG_ROLE}
    return led and fact.revocation.state is not RevocationState.REVOKED


def unexpected(found: Sequence[Found]) -> list[str]:
    """Differences nobody reviewed, and reviews of what does not differ."""
    open_ = [f"{f.name}: {f.said}" for f in found if not f.agrees and not f.why]
    differing = {f.name for f in found if not f.agrees}
    present = {f.name for f in found}
    idle = sorted(((ACCEPTED.keys() | REFUSED.keys()) & present) - differing)
    return open_ + [f"{name}: explained, and does not differ" for name in idle]


def document(found: Sequence[Found], now: datetime) -> str:
    """docs/conformance-x509.md."""
    wrongly = [f for f in found if f.accepted and not f.agrees]
    doubted = [f for f in found if not f.accepted and not f.agrees]
    lines = [
        "# Certification paths, test by test",
        "",
        f"Written by `python -m conformance.corpus_x509` on {now:%Y-%m-%d} over {len(found)}",
        "tests of x509-limbo, NIST PKITS and OpenSSL that nobody here wrote. Compared is the path",
        "of RFC 5280 §6.1; an answer is *path · role · revocation*. Nearly all leaves are of web",
        "servers: `wrong_role` says that there is a path, and that the leaf may seal nothing.",
        "",
        f"* to be refused, and a path is found: **{len(wrongly)}**, of them not reviewed:",
        f"  **{sum(1 for f in wrongly if not f.why)}**",
        f"* to be accepted, and refused: **{len(doubted)}**, of them not explained:",
        f"  **{sum(1 for f in doubted if not f.why)}**",
        "",
        "## Reviewed differences",
        "",
        "| test | wanted | said | why |",
        "|---|---|---|---|",
        *(f"| {f.name} | {f.row.expected} | {f.said} | {f.why} |" for f in (*wrongly, *doubted)),
        "",
        "## All",
        "",
        "| test | wanted | said | |",
        "|---|---|---|---|",
        *(
            f"| {f.name} | {f.row.expected} | {f.said} | {'' if f.agrees else 'differs'} |"
            for f in found
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """0: every difference was reviewed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; write nothing")
    wanted = parser.parse_args()
    found = [examine(row) for row in manifest("x509")]
    if not found:
        print(f"no corpus beside the project ({CORPUS.parent.name}/{CORPUS.name})")
        return 0
    if not wanted.check:
        DOCUMENT.write_text(document(found, datetime.now(UTC)), "utf-8")
    open_ = unexpected(found)
    for each in open_:
        print(each)
    differ = sum(1 for f in found if not f.agrees)
    print(f"{len(found)} tests, {differ} differ, {len(open_)} of them not reviewed")
    return 1 if open_ else 0


if __name__ == "__main__":
    sys.exit(main())
