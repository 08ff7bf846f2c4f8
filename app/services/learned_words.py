"""What `learn` found, as lines for people; of a verdict, the words about unknown authorities."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.crypto.certificates import read_certificate
from app.domain.certificate import Certificate
from app.domain.errors import Malformed, UnrecognisedFormat
from app.domain.evidence import Evidence
from app.domain.reasons import Reason
from app.domain.verdict import Sound
from app.formats import detect
from app.registry.making.changes import dn, words
from app.reports.catalogue import entry_of
from app.reports.unknown_authority import Language, UnknownAuthority, unknown_authority
from app.services.learned import INTACT, Learned, Missing, Named, Stamp

_T: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {
        "claims": "文件自称（均未经证实）",
        "identifier": "证照标识",
        "type": "证照类型代码",
        "issuer": "颁发机构代码",
        "seal": "印章",
        "unreadable": "无法读取",
        "signer": "签章者证书",
        "maker": "制章者证书",
        "enclosed": "随附证书",
        "beside": "另行提供的证书",
        "subject": "自称",
        "by": "由其颁发",
        "at_hand": "颁发者证书已在手，签名吻合",
        "own": "自签名",
        "absent": "颁发者证书不在手",
        "codes": "组织机构代码",
        "validity": "有效期",
        "crl": "其所写撤销列表地址（不会访问）",
        "aki": "颁发者密钥标识",
        "key": "密钥",
        "before": "以本节点目前所信任的，未通过或存疑的检查",
        "after": "若采纳下列草稿，仍未通过或存疑的检查",
        "none": "没有",
        "broken": "没有：文件自身不成立，不从中起草任何条目",
        "missing": "还缺什么",
        "draft": "草稿（未经批准，不产生任何信任）",
        "compare": "提议前须经另一渠道核对的指纹",
        "sound": "若采纳草稿：真实性与权限均可通过，只缺颁发机构的答复。",
        "authentic": "若采纳草稿：真实性可通过；权限或状态仍存疑。",
        "not": "即使采纳草稿，真实性仍不能通过。",
    },
    "en": {
        "claims": "What the file says of itself (all unproven)",
        "identifier": "license identifier",
        "type": "license type code",
        "issuer": "issuer code",
        "seal": "Seal",
        "unreadable": "cannot be read",
        "signer": "signer's certificate",
        "maker": "seal maker's certificate",
        "enclosed": "enclosed certificate",
        "beside": "certificate handed in",
        "subject": "names itself",
        "by": "issued by",
        "at_hand": "its certificate is at hand, the signature fits",
        "own": "self-signed",
        "absent": "its certificate is not at hand",
        "codes": "organisation codes",
        "validity": "valid",
        "crl": "names a list at (never fetched)",
        "aki": "issuer's key id",
        "key": "key",
        "before": "Checks that do not pass with what this node trusts",
        "after": "Checks that would still not pass with the draft below",
        "none": "none",
        "broken": "none: the file fails by itself, and nothing is drafted of it",
        "missing": "What is missing",
        "draft": "Draft (approved by nobody; nothing is trusted for it)",
        "compare": "Fingerprints to compare over another channel before proposing",
        "sound": "With the draft, authenticity and authority would pass: only the issuer's answer "
        "would be missing.",
        "authentic": "With the draft, authenticity would pass; authority or status stays in doubt.",
        "not": "Even with the draft, authenticity would not pass.",
    },
}

_MISSING: Final[Mapping[Language, Mapping[Missing, str]]] = {
    "zh": {
        Missing.AUTHORITY: "颁发此证书的机构的证书：向该机构索取，用 --issuer-certificate 提供",
        Missing.REVOCATION_LIST: "此机构的最新证书撤销列表：用 --crl 提供",
        Missing.ORGANISATION: "签章者证书没有统一社会信用代码，无法与颁发机构对应：须换发证书",
        Missing.OTHER_ORGANISATION: "签章者不是所称的颁发机构：须查明是该机构用另一代码的印章（写入"
        " organisation_codes），还是受托单位（delegation）；草稿不代为认定",
        Missing.VERIFIED_ORGANISATION: "统一社会信用代码只写在证书主体的 O/OU 中，主体可以自选："
        "先向证书机构查明其是否核实 O 中的代码，核实的才在其信任锚上写 organisation_verified；"
        "草稿不代为认定",
        Missing.ISSUER: "文件没有写明颁发机构代码：无从得知是谁的证照",
        Missing.TYPE: "文件没有写明证照类型代码：无从得知谁有权颁发",
        Missing.ENDPOINT: "颁发机构的核验接口：没有它就不知道证照现在的状态",
    },
    "en": {
        Missing.AUTHORITY: "the certificate of whoever issued this one: get it from that authority "
        "and give it with --issuer-certificate",
        Missing.REVOCATION_LIST: "a fresh revocation list of this authority: give it with --crl",
        Missing.ORGANISATION: "the signer's certificate bears no organisation code, so it cannot "
        "be matched with an issuer: the authority has to issue another",
        Missing.OTHER_ORGANISATION: "the signer is not the claimed issuer: find out whether it is "
        "the issuer's seal under another code (organisation_codes) or a delegate's (delegation); "
        "the draft does not decide that",
        Missing.VERIFIED_ORGANISATION: "the organisation code stands only in O or OU, as the "
        "subject may have chosen: ask the authority whether it verifies codes in O, and only then "
        "write organisation_verified at its anchor; the draft does not decide that",
        Missing.ISSUER: "the file does not say whose license it is (issuer code)",
        Missing.TYPE: "the file does not say of which type it is (type code)",
        Missing.ENDPOINT: "where the issuer answers: without it, the status today is not known",
    },
}


def lines(found: Learned, sections: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Everything, in the order of a conversation: claims, words, what is open, draft, what next."""
    t = _T[language]
    yield f"{t['claims']}:"
    for name, value in (
        ("identifier", found.identifier),
        ("type", found.type),
        ("issuer", found.issuer),
    ):
        yield f"  {t[name]}: {value or '–'}"
    for stamp in found.stamps:
        yield from _stamp(stamp, language)
    for named in found.beside:
        yield from _named(named, language)
    yield ""
    for about in unknown_of(found):
        yield from unknown_authority(about, language)
        yield ""
    yield f"{t['before']}:"
    yield from _open(found.before, language)
    yield f"{t['after']}:"
    yield from _open(found.after, language)
    yield f"{t['missing']}:"
    for missing, whose in found.missing:
        yield f"  - {_MISSING[language][missing]}" + (f" ({whose})" if whose else "")
    yield f"{t['draft']}:"
    for change in found.changes:
        yield from (f"  {line}" for line in words(change, sections))
    if not found.changes:
        yield f"  {t['broken' if found.broken else 'none']}"
    if found.compare:
        yield f"{t['compare']}:"
        for certificate in found.compare:
            yield f"  {dn(certificate.subject)}"
            yield f"    sha256 {certificate.sha256}"
            yield f"    sm3    {certificate.sm3}"
    yield ""
    state = "sound" if isinstance(found.state, Sound) else "authentic"
    yield t[state if found.authentic else "not"]


def _stamp(stamp: Stamp, language: Language) -> Iterator[str]:
    t = _T[language]
    yield f"  {t['seal']} {stamp.label}: {stamp.layout}"
    if stamp.problem:
        yield f"    {t['unreadable']}: {stamp.problem}"
    if stamp.seal_id is not None and stamp.seal_from and stamp.seal_until:
        window = f"{stamp.seal_from:%Y-%m-%d} … {stamp.seal_until:%Y-%m-%d}"
        yield f"    id {stamp.seal_id or '–'}; {window}"
    for named in stamp.certificates:
        yield from (f"  {line}" for line in _named(named, language))


def _named(named: Named, language: Language) -> Iterator[str]:
    t, certificate = _T[language], named.certificate
    if named.issuer is None:
        standing = t["absent"]
    else:
        standing = t["own"] if named.issuer == certificate.sha256 else t["at_hand"]
    yield f"  {t[named.part]}"
    yield f"    {t['subject']}: {dn(certificate.subject)}"
    yield f"    {t['by']}: {dn(certificate.issuer)} ({standing})"
    yield f"    sha256 {certificate.sha256}"
    yield f"    sm3    {certificate.sm3}"
    yield (
        f"    {t['validity']} {certificate.not_before:%Y-%m-%d} … {certificate.not_after:%Y-%m-%d}"
        f"; {t['key']} {certificate.scheme or '–'}"
    )
    yield f"    {t['codes']}: {', '.join(certificate.organisation_codes) or '–'}"
    if certificate.authority_key_id and named.issuer is None:
        yield f"    {t['aki']}: {certificate.authority_key_id.hex()}"
    for point in certificate.crl_points[:3]:
        yield f"    {t['crl']}: {point}"


def _open(evidence: tuple[Evidence, ...], language: Language) -> Iterator[str]:
    if not evidence:
        yield f"  {_T[language]['none']}"
    for item in evidence:
        mark = "x" if item.outcome == "failed" else "?"
        title = entry_of(item.why).texts.filled("颁发机构", "the issuer").title
        said = title.zh if language == "zh" else title.en
        detail = f" · {item.detail}" if item.detail else ""
        yield f"  {mark} {item.check} [{item.subject.label}] {item.why}: {said}{detail}"


# ---- unknown authorities


def unknown_of(found: Learned) -> list[UnknownAuthority]:
    """Of each signer without an anchor, once."""
    doubted = {e.subject.label for e in found.before if e.reason is Reason.NO_ANCHOR}
    signers = {
        named.certificate.sha256: (stamp, named.certificate)
        for stamp in found.stamps
        if stamp.label in doubted
        for named in stamp.certificates
        if named.part == "signer"
    }
    return [_unknown(certificate, intact=s.intact) for s, certificate in signers.values()]


def unknown_in(report: Mapping[str, Any], content: bytes) -> list[UnknownAuthority]:
    """The same for a report and the file it is about: the report itself names no names."""
    checks = [check for block in report["blocks"].values() for check in block["checks"]]
    doubted = {c["subject"] for c in checks if c["reason"] == Reason.NO_ANCHOR.value}
    if not doubted:
        return []
    try:
        sealings = detect(content).parse(content).sealings
    except (Malformed, UnrecognisedFormat):
        return []
    found: dict[str, UnknownAuthority] = {}
    for sealing in sealings:
        if sealing.label not in doubted or sealing.certificate is None:
            continue
        mine = {c["name"]: c["outcome"] for c in checks if c["subject"] == sealing.label}
        asked = {mine[name.value] for name in INTACT if name.value in mine}
        intact = "passed" in asked and asked <= {"passed", "not_applicable"}
        try:
            certificate = read_certificate(sealing.certificate)
        except Malformed:
            continue
        found.setdefault(certificate.sha256, _unknown(certificate, intact=intact))
    return list(found.values())


def _unknown(certificate: Certificate, *, intact: bool) -> UnknownAuthority:
    return UnknownAuthority(
        intact=intact,
        names_itself=dn(certificate.subject),
        names_authority=dn(certificate.issuer),
        sha256=certificate.sha256,
    )
