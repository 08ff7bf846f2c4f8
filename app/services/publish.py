"""The publisher: a finished verification becomes its report, signed by this node."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.checks import CHECKS
from app.checks.algorithms import ALGORITHMS_SM_QUESTION, ALGORITHMS_SM_QUESTION_ZH
from app.checks.issuer import BOUND_QUESTION, BOUND_QUESTION_ZH
from app.checks.sealed_document import SEAL_IN_USE_QUESTION, SEAL_IN_USE_QUESTION_ZH
from app.crypto.signing import KeyProvider
from app.domain.evidence import CheckName
from app.domain.verification import PUBLIC_CHECK, Receipt, Verification
from app.reports.canonical import canonical
from app.reports.entry import Bilingual
from app.reports.report import Context, report_of
from app.reports.signed import sign_report

ANONYMOUS_LIFETIME: Final = timedelta(hours=24)
"""How long the id of an anonymous caller's report opens it."""

QUESTIONS: Final[Mapping[CheckName, Bilingual]] = {
    CheckName.WELL_FORMED: Bilingual(
        "文件是否符合格式、能够唯一读取？", "Can what was submitted be read, and in one way only?"
    ),
    CheckName.BOUND: Bilingual(BOUND_QUESTION_ZH, BOUND_QUESTION),
    CheckName.ALGORITHMS_SM: Bilingual(ALGORITHMS_SM_QUESTION_ZH, ALGORITHMS_SM_QUESTION),
    CheckName.SEAL_IN_USE: Bilingual(SEAL_IN_USE_QUESTION_ZH, SEAL_IN_USE_QUESTION),
    **{check.name: Bilingual(check.question_zh, check.question) for check in CHECKS},
}
"""What each check asks; reports do not see the checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPublisher:
    """Fits `services.verify.Publisher`."""

    keys: KeyProvider
    node: str
    version: str
    lifetime: timedelta = ANONYMOUS_LIFETIME

    def publish(self, verification: Verification) -> Receipt:
        """The receipt, over the node's newest key.

        Whatever came under the purpose anybody may state expires, whoever stated it.

        Raises:
            Unavailable: the node's key cannot be had.
            ValueError: the report has no canonical form.
        """
        report = report_of(verification, Context(self.node, self.version, QUESTIONS))
        content = canonical(report)
        anonymous = verification.purpose == PUBLIC_CHECK
        return Receipt(
            verification=verification,
            report=report,
            content=content,
            jws=sign_report(content, self.keys.signer()),
            expires_at=verification.at + self.lifetime if anonymous else None,
        )
