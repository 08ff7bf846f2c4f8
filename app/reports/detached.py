"""What is told of a detached signature (验签): no verdict on a license, so in words of checks."""

from app.domain.detached import DetachedFinding
from app.domain.evidence import Evidence, Outcome
from app.domain.reasons import Reason
from app.reports.catalogue import entry_of
from app.reports.entry import Bilingual, bilingual
from app.reports.phrases import ANY_ISSUER
from app.reports.sections import Questions
from app.reports.words import Json, instant, said

HEADLINES = {
    Outcome.PASSED: bilingual(
        (
            "验签通过：签名由该登记公钥对应的私钥对这份内容作出",
            "Holds: this key signed this content",
        )
    ),
    Outcome.FAILED: bilingual(("验签不通过", "Does not hold")),
    Outcome.INDETERMINATE: bilingual(("暂不能确定", "Cannot be determined")),
}


def told(finding: DetachedFinding, node: str, questions: Questions) -> dict[str, object]:
    """Issuer and key as registered; neither message nor signature is in it."""
    issuer, key = finding.issuer, finding.key
    name = ANY_ISSUER if issuer is None else Bilingual(issuer.name, issuer.name_en)
    return {
        "at": instant(finding.at),
        "node": node,
        "trust": finding.snapshot,
        "result": finding.outcome.value,
        "headline": said(HEADLINES[finding.outcome]),
        "reason": None if finding.reason is None else _reason(finding.reason, name),
        "issuer": None
        if issuer is None
        else {"code": issuer.code, "name": {"zh": issuer.name, "en": issuer.name_en}},
        "key": None
        if key is None
        else {
            "kid": key.key_id,
            "scheme": key.scheme.value,
            "not_before": instant(key.window.since),
            "not_after": instant(key.window.until) if key.window.until else None,
            "revoked_at": instant(key.revoked_at) if key.revoked_at else None,
        },
        "signed_at": None if finding.signed_at is None else instant(finding.signed_at),
        "checks": [_check(item, questions) for item in finding.evidence],
    }


def _reason(reason: Reason, name: Bilingual) -> Json:
    texts = entry_of(reason).texts.filled(name.zh, name.en)
    return {
        "code": reason.value,
        "family": reason.family.value,
        "title": said(texts.title),
        "engineer": said(texts.engineer),
        "clerk": said(texts.clerk),
        "next_step": said(texts.next_step),
    }


def _check(item: Evidence, questions: Questions) -> Json:
    return {
        "name": item.check.value,
        "question": said(questions[item.check]),
        "outcome": item.outcome.value,
        "reason": item.reason.value if item.reason else None,
        "detail": item.detail,
    }
