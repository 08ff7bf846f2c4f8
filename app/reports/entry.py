"""What the catalogue says of one reason, and the closed words it says it in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from app.domain.evidence import Block
from app.domain.verdict import Conclusion

TRANSPORT: Final = "transport"
"""Instead of a GB/T 36906 code: no result. The façade answers with a transport error."""

GbCode = int | Literal["transport"]
"""A result code of GB/T 36906 (证照信息验证 0-7, 证照文件验证 0-2), or no result."""

ISSUER: Final = "{issuer}"
"""The one blank in a text: the issuer's registered name."""


class Indication(StrEnum):
    """ETSI EN 319 102-1 §5.1.3, table 5."""

    TOTAL_PASSED = "TOTAL-PASSED"
    TOTAL_FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


INDICATION: Final = {
    Conclusion.VALID: Indication.TOTAL_PASSED,
    Conclusion.INVALID: Indication.TOTAL_FAILED,
    Conclusion.INDETERMINATE: Indication.INDETERMINATE,
}


class Etsi(StrEnum):
    """The sub-indications of ETSI EN 319 102-1 §5.1.3, table 6; used only in their own meaning."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


ETSI_FAILED: Final = frozenset(
    {
        Etsi.FORMAT_FAILURE,
        Etsi.HASH_FAILURE,
        Etsi.SIG_CRYPTO_FAILURE,
        Etsi.REVOKED,
        Etsi.EXPIRED,
        Etsi.NOT_YET_VALID,
    }
)
"""Those that go with TOTAL-FAILED; all others go with INDETERMINATE."""


class Own(StrEnum):
    """What ETSI, knowing only signatures, has no word for; prefixed, so none is taken for its."""

    REQUEST = "zhengyan:request"
    """What was sent does not do for what was asked."""
    NO_SIGNATURE = "zhengyan:no_signature"
    WEAK_ALGORITHM = "zhengyan:weak_algorithm"
    ALGORITHM_ASKED = "zhengyan:algorithm_asked"
    """Another than was asked for, and not a weak one."""
    COVERAGE = "zhengyan:coverage"
    """Shown and not signed, or carried along and neither."""
    SEAL = "zhengyan:seal"
    """电子印章: its validity, its list, its maker."""
    CERTIFICATE = "zhengyan:certificate"
    SIGNING_TIME = "zhengyan:signing_time"
    ENTITLEMENT = "zhengyan:entitlement"
    """The signer, or the issuer, may not do this for this type."""
    REGISTRY = "zhengyan:registry"
    """Not entered in the registry this node follows."""
    IDENTIFIER = "zhengyan:identifier"
    PRESENTATION = "zhengyan:presentation"
    """An annotated copy or a one-time presentation, outside its time or purpose."""
    LICENSE_STATUS = "zhengyan:license_status"
    ISSUER_RECORD = "zhengyan:issuer_record"
    ISSUER_ANSWER = "zhengyan:issuer_answer"
    DEPENDENCY = "zhengyan:dependency"


Sub = Etsi | Own


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same said in both languages."""

    zh: str
    en: str

    def filled(self, zh: str, en: str) -> "Bilingual":
        """With the issuer's registered name in its blank; no other value enters a text."""
        shown = self.en.replace(ISSUER, en)
        starts = self.en.startswith(ISSUER)
        return Bilingual(
            self.zh.replace(ISSUER, zh), shown[:1].upper() + shown[1:] if starts else shown
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """One thing to say, in two registers."""

    title: Bilingual
    """A clause for a headline, without a full stop."""
    engineer: Bilingual
    """What happened and what to look at."""
    clerk: Bilingual
    """What it means, in plain words: 窗口工作人员 read this to the person before them."""
    next_step: Bilingual
    """What the clerk does or asks for now."""

    def filled(self, zh: str, en: str) -> "Texts":
        """With the issuer's registered name in every blank."""
        return Texts(
            self.title.filled(zh, en),
            self.engineer.filled(zh, en),
            self.clerk.filled(zh, en),
            self.next_step.filled(zh, en),
        )


Pair = tuple[str, str]
"""Chinese, English."""

_FOREIGN: Final = 0.2
"""Share of an English text that Chinese terms may take."""


def bilingual(pair: Pair) -> Bilingual:
    """One thing said twice.

    Raises:
        ValueError: a language is missing, or stands in the other's place.
    """
    zh, en = pair
    if not (zh.strip() and en.strip()):
        raise ValueError("a text is missing in one of its languages")
    foreign = sum(not char.isascii() for char in en) / len(en)
    if zh.isascii() or foreign > _FOREIGN:
        raise ValueError(f"a text stands under the wrong language: {en}")
    if (ISSUER in zh) != (ISSUER in en):
        raise ValueError(f"only one language names the issuer: {en}")
    return Bilingual(zh, en)


def texts(*, title: Pair, engineer: Pair, clerk: Pair, next_step: Pair) -> Texts:
    """Texts from pairs. Raises `ValueError` as `bilingual` does."""
    return Texts(bilingual(title), bilingual(engineer), bilingual(clerk), bilingual(next_step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One reason, whole."""

    block: Block
    """The question it answers."""
    decides: Conclusion | None
    """The one conclusion it may be the reason of; None: it informs or refuses, and decides none."""
    sub: Sub
    info_code: GbCode
    file_code: GbCode
    texts: Texts
    retry_after: int | None = None
    """Seconds after which asking again may help; for the dependency family only."""

    def __post_init__(self) -> None:
        fails = self.decides is Conclusion.INVALID
        if self.decides is Conclusion.VALID:
            raise ValueError("a valid verdict has no reason")
        if isinstance(self.sub, Etsi) and fails != (self.sub in ETSI_FAILED):
            raise ValueError(f"{self.sub} does not go with {self.decides}")
        for code in (self.info_code, self.file_code):
            # 0 is the only code an old caller takes for good: nothing but valid may give it.
            if code == 0 or fails == (code == TRANSPORT):
                raise ValueError(f"code {code} does not go with {self.decides}")

    @property
    def indication(self) -> Indication:
        return INDICATION[self.decides or Conclusion.INDETERMINATE]


def invalid(
    block: Block,
    sub: Sub,
    *,
    info: int,
    file: int,
    title: Pair,
    engineer: Pair,
    clerk: Pair,
    next_step: Pair,
) -> Entry:
    """A reason that decides invalid."""
    said = texts(title=title, engineer=engineer, clerk=clerk, next_step=next_step)
    return Entry(
        block=block,
        decides=Conclusion.INVALID,
        sub=sub,
        info_code=info,
        file_code=file,
        texts=said,
    )


def unsure(
    block: Block,
    sub: Sub,
    *,
    title: Pair,
    engineer: Pair,
    clerk: Pair,
    next_step: Pair,
    retry_after: int | None = None,
    decides: Conclusion | None = Conclusion.INDETERMINATE,
) -> Entry:
    """A reason that leaves the matter open; it is `transport` to GB/T 36906."""
    said = texts(title=title, engineer=engineer, clerk=clerk, next_step=next_step)
    return Entry(
        block=block,
        decides=decides,
        sub=sub,
        info_code=TRANSPORT,
        file_code=TRANSPORT,
        texts=said,
        retry_after=retry_after,
    )
