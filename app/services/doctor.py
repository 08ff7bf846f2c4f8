"""`trust doctor`: what of the trust this node goes by will fail, or fails already. Pure.

Every finding names a place and what mends it. Nothing is judged here: a verdict rests on checks,
whatever the doctor says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.crypto import schemes, spki
from app.crypto.certificates import read_certificate, verify_issued
from app.crypto.keys import read_public_key
from app.crypto.paths import may_issue
from app.crypto.weak import WeakAlgorithm
from app.domain.certificate import Anchor, Certificate, Crl
from app.domain.errors import InvalidKey, InvalidSignature, Malformed
from app.domain.identifier import IssuerCode
from app.domain.trust import Kind
from app.models import Use
from app.registry.entries import KeyEntry
from app.registry.lists.content import Content
from app.registry.lists.withdrawals import NONE, Withdrawals, key_name
from app.registry.ocsp_responses import OcspEntry

SOON: Final = timedelta(days=30)
"""Before its end an anchor or a key is spoken of."""
LIST_SOON: Final = timedelta(days=7)
"""Before its end a list, of this node or of revocations, is spoken of."""
UNSEEN: Final = timedelta(days=1)
"""After it a publisher who serves nothing good is spoken of; it is asked every few minutes."""
MIN_RSA: Final = 2048
"""Bits of a modulus."""


class Problem(StrEnum):
    """What is wrong, or will be."""

    LIST_NONE = "list_none"
    LIST_EXPIRED = "list_expired"
    LIST_ENDS_SOON = "list_ends_soon"
    LIST_UNSEEN = "list_unseen"
    LEFT_OUT = "left_out"
    ANCHOR_EXPIRED = "anchor_expired"
    ANCHOR_ENDS_SOON = "anchor_ends_soon"
    ANCHOR_UNREADABLE = "anchor_unreadable"
    WEAK = "weak"
    SHARED_PRIME = "shared_prime"
    KEYS_NOT_COMPARED = "keys_not_compared"
    KEY_EXPIRED = "key_expired"
    KEY_ENDS_SOON = "key_ends_soon"
    CRL_MISSING = "crl_missing"
    CRL_STALE = "crl_stale"
    CRL_ENDS_SOON = "crl_ends_soon"
    OCSP_STALE = "ocsp_stale"
    REVOCATION_SOURCE_SILENT = "revocation_source_silent"
    COLLISION = "collision"
    ISSUER_WITHOUT_KEY = "issuer_without_key"
    ISSUER_WITHOUT_ENDPOINT = "issuer_without_endpoint"
    TYPE_UNDEFINED = "type_undefined"
    TYPE_NOT_ISSUED = "type_not_issued"
    UNREACHABLE = "unreachable"
    CLIENT_CERTIFICATE_EXPIRED = "client_certificate_expired"
    CLIENT_CERTIFICATE_ENDS_SOON = "client_certificate_ends_soon"
    CLIENT_CERTIFICATE_BROKEN = "client_certificate_broken"


FIXES: Final = {
    Problem.LIST_NONE: (
        "还没有取得任何一期：zhengyan trust pull，自建的清单则先 publish",
        "no list yet: `zhengyan trust pull`, or publish the first of your own",
    ),
    Problem.LIST_EXPIRED: (
        "清单已过期，其中条目不再作数：取得新一期（自建的用 publish --renew）",
        "expired, so it vouches for nothing: get the next (`publish --renew` for your own)",
    ),
    Problem.LIST_ENDS_SOON: (
        "清单将过期：自建的用 publish --renew；他人的，问其何时发布新一期",
        "ends soon: `publish --renew` for your own; of another's, ask when the next comes",
    ),
    Problem.LIST_UNSEEN: (
        "发布者的服务器久未提供可接受的清单：zhengyan trust history 看原因，并联系发布者",
        "its server has served nothing good for long: see `trust history`, and call the publisher",
    ),
    Problem.LEFT_OUT: (
        "上一期有、这一期没有，又未写明终止，对过去的日期仍作数：若因失信，请发布者写明",
        "gone without an end, so it counts for past days: if it failed, have its end said",
    ),
    Problem.ANCHOR_EXPIRED: (
        "CA 证书已过期：向该机构索取新证书，经核对指纹后提议加入",
        "the authority's certificate has ended: get the new one and propose it",
    ),
    Problem.ANCHOR_ENDS_SOON: (
        "CA 证书或信任期将到：向该机构索取接替的证书，提前提议",
        "the certificate or the trust in it ends soon: get its successor and propose it in time",
    ),
    Problem.ANCHOR_UNREADABLE: (
        "证书无法读取：提议终止此条目，另行加入可读的证书",
        "cannot be read: propose to end the entry, and add a certificate that can",
    ),
    Problem.WEAK: (
        "密钥或签名算法已淘汰，凭它签发的不会通过：提议终止，请对方换用现行算法",
        "key or algorithm is too weak to count: propose to end it, and ask for a current one",
    ),
    Problem.SHARED_PRIME: (
        "RSA 密钥与另一把有相同的素因子，任何人都能算出其私钥：提议终止，请对方更换",
        "an RSA key that has a prime of another one, so anybody can sign by it: propose to end it",
    ),
    Problem.KEYS_NOT_COMPARED: (
        "RSA 密钥过多，其余未相互比对有无相同素因子：请对方改用 SM2 等密钥",
        "too many RSA keys: the rest was not compared for common primes; ask for others, as SM2",
    ),
    Problem.KEY_EXPIRED: (
        "密钥已到期，又没有接替的：提议加入新密钥",
        "past its end: propose the key that follows it",
    ),
    Problem.KEY_ENDS_SOON: (
        "密钥将到期：请该机构给出下一把公钥，提前提议加入",
        "ends soon: ask the body for the next public key and propose it in time",
    ),
    Problem.CRL_MISSING: (
        "没有该 CA 的撤销列表，其证书无法确认未被撤销：zhengyan crl add",
        "no revocation list of it, so nothing below is known to be good: `zhengyan crl add`",
    ),
    Problem.CRL_STALE: (
        "撤销列表已过时：取得最新一期，zhengyan crl add",
        "its revocation list is stale: get the newest, `zhengyan crl add`",
    ),
    Problem.CRL_ENDS_SOON: (
        "撤销列表将过时：取得最新一期，zhengyan crl add",
        "its revocation list ends soon: get the newest, `zhengyan crl add`",
    ),
    Problem.OCSP_STALE: (
        "该证书的 OCSP 响应已过时，不再证明其未被撤销：zhengyan crl fetch，或 ocsp add 最新响应",
        "what OCSP said of it is stale and shows nothing: `crl fetch`, or `ocsp add` a newer one",
    ),
    Problem.REVOCATION_SOURCE_SILENT: (
        "撤销信息来源（CRL 或 OCSP）久未给出可用的内容：核对地址与网络，zhengyan crl fetch",
        "no list or response that counts came from there: check address and network, `crl fetch`",
    ),
    Problem.COLLISION: (
        "两个来源说法不同，以排在前面的为准：与发布方核对，使之一致",
        "two sources say different things and the first counts: have the publishers agree",
    ),
    Problem.ISSUER_WITHOUT_KEY: (
        "既无可用密钥也无印章代码，无从认定其签发：提议加入密钥或 organisation_codes",
        "neither a live key nor a seal's code: propose a key or organisation_codes",
    ),
    Problem.ISSUER_WITHOUT_ENDPOINT: (
        "没有核验接口也无受托答复的机构，其证照永远只能存疑：请其提供接口",
        "nobody answers for it, so nothing of it is ever valid: have it give an endpoint",
    ),
    Problem.TYPE_UNDEFINED: (
        "该类型没有定义：提议加入该证照类型",
        "this type is defined nowhere: propose it",
    ),
    Problem.TYPE_NOT_ISSUED: (
        "没有任何机构颁发该类型：提议其颁发机构，或终止该类型",
        "nobody issues this type: propose who does, or end the type",
    ),
    Problem.UNREACHABLE: (
        "接口不可达：核对地址与网络放行（--network），并联系该机构",
        "does not answer: check the address and the opened networks, and call the body",
    ),
    Problem.CLIENT_CERTIFICATE_EXPIRED: (
        "向该机构出示的证书已过期，询问已停止：申领新证书，zhengyan issuer certificate set",
        "ours for it has ended, and it is not asked: get the next, `issuer certificate set`",
    ),
    Problem.CLIENT_CERTIFICATE_ENDS_SOON: (
        "向该机构出示的证书将过期：提前申领新证书，zhengyan issuer certificate set",
        "ours for it ends soon: get the next in time, `zhengyan issuer certificate set`",
    ),
    Problem.CLIENT_CERTIFICATE_BROKEN: (
        "向该机构出示的证书文件不能用，询问已停止：zhengyan issuer certificate set",
        "ours for it cannot be used, and it is not asked: `zhengyan issuer certificate set`",
    ),
}
"""Problem → what mends it, in Chinese and English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One source of trust: a followed list, or the local tables."""

    name: str
    content: Content = field(repr=False)
    held: bool = True
    """False: a list that was never had."""
    expires_at: datetime | None = None
    """None: it has no end of its own."""
    url: str | None = None
    """Where it is fetched; None: it is not."""
    networks: tuple[str, ...] = ()
    """Opened for it."""
    good_at: datetime | None = None
    """When something good was last served there."""
    before: Content | None = field(default=None, repr=False)
    """Of the list before this one; None: there was none."""
    taken: Withdrawals = field(default=NONE, repr=False)
    """What was taken away by then."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem in one place."""

    problem: Problem
    place: str
    """Source, and entry in it."""
    detail: str = ""


def examine(
    sources: Sequence[Checked], now: datetime, responses: Sequence[OcspEntry] = ()
) -> list[Finding]:
    """Everything found, source by source, then what only shows across them. `responses`: OCSP, held
    beside the lists.
    """
    lists = [crl for source in sources for crl in source.content.authorities.lists]
    keys = [key for source in sources for key in source.content.registration.keys]
    held = Revocations(lists, answered(responses, now))
    return [
        *(found for source in sources for found in _source(source, held, keys, now)),
        *_collisions(sources),
        *_issuers(sources, now),
        *_types(sources),
    ]


@dataclass(frozen=True, slots=True)
class Revocations:
    """What is known of revocations, whoever's."""

    lists: Sequence[Crl]
    answered: Mapping[str, int]
    """Authority, SHA-256 → of how many of its certificates OCSP tells today."""


def answered(responses: Sequence[OcspEntry], now: datetime) -> dict[str, int]:
    """By authority; a certificate of whom only stale answers are held is not counted."""
    told = {(r.authority, r.serial) for r in responses if r.revoked or not _stale(r, now)}
    return Counter(authority for authority, _ in told)


def _stale(response: OcspEntry, now: datetime) -> bool:
    return response.next_update is None or response.next_update <= now


def _source(
    source: Checked, revocations: Revocations, keys: Sequence[KeyEntry], now: datetime
) -> Iterator[Finding]:
    if not source.held:
        yield Finding(Problem.LIST_NONE, source.name)
    elif source.expires_at is not None:
        yield from _ends(
            (Problem.LIST_EXPIRED, Problem.LIST_ENDS_SOON),
            source.name,
            source.expires_at,
            now,
            LIST_SOON,
        )
    if source.url is not None and (source.good_at is None or source.good_at < now - UNSEEN):
        since = f"{source.good_at:%Y-%m-%d}" if source.good_at else "never"
        yield Finding(Problem.LIST_UNSEEN, source.name, since)
    yield from _left_out(source, now)
    yield from _anchors(source, revocations, now)
    yield from _keys(source, keys, now)


def _ends(
    problems: tuple[Problem, Problem], place: str, end: datetime, now: datetime, soon: timedelta
) -> Iterator[Finding]:
    if end <= now:
        yield Finding(problems[0], place, f"{end:%Y-%m-%d}")
    elif end <= now + soon:
        yield Finding(problems[1], place, f"{end:%Y-%m-%d}")


def shown_certificates(
    ends: Mapping[IssuerCode, datetime], broken: Mapping[IssuerCode, str], now: datetime
) -> list[Finding]:
    """What is wrong with certificates that this node shows to bodies."""
    problems = (Problem.CLIENT_CERTIFICATE_EXPIRED, Problem.CLIENT_CERTIFICATE_ENDS_SOON)
    found = [
        Finding(Problem.CLIENT_CERTIFICATE_BROKEN, f"clients/{code}.pem", why)
        for code, why in sorted(broken.items())
    ]
    for code, end in sorted(ends.items()):
        found += _ends(problems, f"clients/{code}.pem", end, now, SOON)
    return found


def _left_out(source: Checked, now: datetime) -> Iterator[Finding]:
    """What was good and is gone, though nobody ended it (docs/adr/0014)."""
    if source.before is None:
        return
    named = {anchor.fingerprint for anchor in source.content.authorities.anchors}
    for anchor in source.before.authorities.anchors:
        known = anchor.fingerprint in named or anchor.fingerprint in source.taken.anchors
        if not known and (anchor.until is None or anchor.until > now):
            yield Finding(Problem.LEFT_OUT, f"{source.name} authority 机构 {anchor.fingerprint}")
    keys = set(map(key_name, source.content.registration.keys)) | source.taken.keys.keys()
    for key in source.before.registration.keys:
        if key_name(key) not in keys and key.live(now):
            yield Finding(Problem.LEFT_OUT, f"{source.name} key 密钥 {key.key_id} of {key.owner}")


# ---- authorities


def _anchors(source: Checked, revocations: Revocations, now: datetime) -> Iterator[Finding]:
    held = source.content.authorities
    anchors = {a.der: a.until for a in held.anchors if a.until is None or a.until > now}
    for der in (*anchors, *held.intermediates):
        try:
            certificate = read_certificate(der)
        except Malformed as broken:
            yield Finding(Problem.ANCHOR_UNREADABLE, source.name, str(broken))
            continue
        place = f"{source.name} authority 机构 {certificate.sha256}"
        until = anchors.get(der)
        end = min(certificate.not_after, until) if until else certificate.not_after
        yield from _ends((Problem.ANCHOR_EXPIRED, Problem.ANCHOR_ENDS_SOON), place, end, now, SOON)
        yield from _weak(place, certificate)
        if end > now and may_issue(certificate):  # a seal maker's own revokes nobody
            yield from _crls(place, certificate, revocations, now)


def _weak(place: str, certificate: Certificate) -> Iterator[Finding]:
    try:
        schemes.scheme_for_oid(certificate.signature_oid, certificate.signature_parameters)
    except WeakAlgorithm as weak:
        yield Finding(Problem.WEAK, place, str(weak))
    except InvalidSignature as unknown:
        yield Finding(Problem.WEAK, place, str(unknown))
    try:
        material = spki.parse(certificate.spki)
    except InvalidKey as refused:
        yield Finding(Problem.WEAK, place, str(refused))
        return
    if isinstance(material, spki.RsaNumbers) and material.n.bit_length() < MIN_RSA:
        yield Finding(Problem.WEAK, place, f"RSA of {material.n.bit_length()} bits")


def _crls(
    place: str, authority: Certificate, revocations: Revocations, now: datetime
) -> Iterator[Finding]:
    own = [c for c in revocations.lists if _signed(c, authority) and c.this_update <= now]
    if not own:
        told = revocations.answered.get(authority.sha256, 0)
        yield Finding(Problem.CRL_MISSING, place, f"but OCSP of {told} certificates" * bool(told))
        return
    ends = [crl.next_update for crl in own if crl.next_update is not None]
    if not ends:
        yield Finding(Problem.CRL_STALE, place, "no list says until when it holds")
    else:
        problems = (Problem.CRL_STALE, Problem.CRL_ENDS_SOON)
        yield from _ends(problems, place, max(ends), now, LIST_SOON)


def _signed(crl: Crl, authority: Certificate) -> bool:
    if crl.issuer_raw != authority.subject_raw or crl.delta or crl.indirect:
        return False
    try:
        verify_issued(
            crl.signature_oid, crl.signature_parameters, crl.message, crl.value, authority
        )
    except InvalidSignature:
        return False
    return True


# ---- keys


def _keys(source: Checked, every: Sequence[KeyEntry], now: datetime) -> Iterator[Finding]:
    """A key that ended is no fault where another of the same use lives, in whichever source."""
    for key in source.content.registration.keys:
        place = f"{source.name} key 密钥 {key.owner}/{key.key_id}"
        try:
            read_public_key(key.spki, key.scheme)
        except InvalidKey as refused:
            yield Finding(Problem.WEAK, place, str(refused))
        end = key.window.until
        if end is None or key.revoked_at is not None:
            continue
        others = (
            k for k in every if k.spki != key.spki and k.owner == key.owner and k.uses & key.uses
        )
        later = any(k.live(max(now, end)) for k in others)
        if not later:
            yield from _ends((Problem.KEY_EXPIRED, Problem.KEY_ENDS_SOON), place, end, now, SOON)


# ---- across sources


def _collisions(sources: Sequence[Checked]) -> Iterator[Finding]:
    """The first counts; that another says otherwise is for the publishers to settle."""
    seen: dict[tuple[str, str], tuple[str, object]] = {}
    for source in sources:
        for kind, name, value in _definitions(source.content):
            first = seen.setdefault((kind, name), (source.name, value))
            if first[1] != value:
                place = f"{source.name} {kind} {name}"
                yield Finding(Problem.COLLISION, place, f"not as {first[0]}")


def _definitions(content: Content) -> Iterator[tuple[str, str, object]]:
    registration = content.registration
    for entry in registration.issuers:
        yield "issuer", entry.issuer.code, (entry.issuer, entry.region)
    for type in registration.license_types:
        yield "type", type.code, type
    for endpoint in registration.endpoints:
        yield "endpoint", f"{endpoint.issuer}/{endpoint.kind}", endpoint.url
    for key in registration.keys:
        yield "kid", f"{key.owner}/{key.key_id}", (key.scheme, key.spki)
        yield "key", key.spki.hex()[-64:], (key.owner, key.key_id)
    for anchor in content.authorities.anchors:
        yield "anchor", anchor.fingerprint, _attributes(anchor)


def _attributes(anchor: Anchor) -> object:
    return anchor.purposes, anchor.region, anchor.egov_ca, anchor.organisation_verified


def _issuers(sources: Sequence[Checked], now: datetime) -> Iterator[Finding]:
    every = [source.content.registration for source in sources]
    reached = {endpoint.issuer for part in every for endpoint in part.endpoints}
    answered = {
        (d.issuer, d.type)
        for part in every
        for d in part.delegations
        if d.kind is Kind.ANSWER and d.effective.contains(now) and d.delegate in reached
    }
    signing = {
        key.owner
        for part in every
        for key in part.keys
        if Use.LICENSE in key.uses and key.live(now)
    }
    delegated = {
        d.issuer
        for part in every
        for d in part.delegations
        if d.kind is Kind.ORIGINAL and d.effective.contains(now)
    }
    gone = {code for source in sources for code in source.content.successions}
    done = set[str]()
    for source in sources:
        for entry in source.content.registration.issuers:
            code = entry.issuer.code
            if code in done or not entry.issuer.types:
                continue
            done.add(code)
            place = f"{source.name} issuer 颁发机构 {code}"
            if code not in signing | delegated and not entry.organisation_codes:
                yield Finding(Problem.ISSUER_WITHOUT_KEY, place)
            unanswered = [t for t in sorted(entry.issuer.types) if (code, t) not in answered]
            if code not in reached | gone and unanswered:
                yield Finding(Problem.ISSUER_WITHOUT_ENDPOINT, place, ", ".join(unanswered))


def _types(sources: Sequence[Checked]) -> Iterator[Finding]:
    issuers = [e for s in sources for e in s.content.registration.issuers]
    issued = {type for entry in issuers for type in entry.issuer.types}
    defined = {t.code: s.name for s in sources for t in s.content.registration.license_types}
    for code in sorted(issued - defined.keys()):
        yield Finding(Problem.TYPE_UNDEFINED, f"type 类型 {code}")
    for code, name in sorted(defined.items()):
        if code not in issued:
            yield Finding(Problem.TYPE_NOT_ISSUED, f"{name} type 类型 {code}")


def endpoints_of(sources: Iterable[Checked]) -> list[tuple[str, str, tuple[str, ...]]]:
    """(place, URL, opened networks) of every endpoint and list server, each URL once."""
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for source in sources:
        if source.url is not None:
            url = f"{source.url}/latest.json"
            found.setdefault(url, (source.name, url, source.networks))
        for entry in source.content.registration.endpoints:
            place = f"{source.name} endpoint 接口 {entry.issuer}"
            found.setdefault(entry.url, (place, entry.url, entry.networks))
    return list(found.values())
