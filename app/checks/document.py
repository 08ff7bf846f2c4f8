"""Questions to the document as a whole."""

from collections.abc import Iterator

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import covers_copy, is_copy, lacks_seal
from app.domain.codes import matter_code_usual, same_matter
from app.domain.elements import LicenseElement
from app.domain.evidence import CheckName, Evidence
from app.domain.facts import Facts
from app.domain.license import HOLDER_FACTS, Fact, LicenseFormat
from app.domain.reasons import Reason
from app.domain.verdict import local_date

_ENOUGH = 2
"""Facts beside identifier and type, the holder among them: an identifier alone is a guess."""


def _signed(facts: Facts) -> Iterator[Evidence]:
    name, type, signatures = CheckName.SIGNED, facts.trust.type, facts.document.signatures
    if facts.document.format is LicenseFormat.FACTS:
        yield silent(name)
    elif facts.document.photo is not None:
        yield unsure(name, Reason.UNSIGNED_COPY, detail="a picture")
    elif signatures and all(lacks_seal(s, facts) for s in signatures):
        yield failed(name, Reason.SIGNATURE_MISSING, detail="signed, and not sealed")
    elif facts.document.package is not None and facts.document.package.dropped:
        detail = f"{facts.document.package.dropped} that others build on"
        yield failed(name, Reason.SIGNATURE_DROPPED, detail=detail)
    elif signatures:
        yield passed(name)
    elif facts.document.package is not None and facts.document.package.encrypted:
        yield silent(name)  # its signatures cannot be read: said by ONE_DOCUMENT
    elif facts.signers is not None or (type is not None and type.must_be_sealed):
        yield failed(name, Reason.SIGNATURE_MISSING)
    else:
        yield unsure(name, Reason.UNSIGNED_COPY)


def _form(facts: Facts) -> Iterator[Evidence]:
    name, identifier = CheckName.IDENTIFIER_FORM, facts.document.identifier
    if identifier is None:  # said by IDENTIFIER_AGREES
        yield silent(name)
    elif not identifier.root_ok:
        yield failed(name, Reason.IDENTIFIER_MISTYPED, detail="root")
    elif not identifier.check_ok:
        yield failed(name, Reason.IDENTIFIER_MISTYPED, detail="check character")
    else:
        yield passed(name)


def _agrees(facts: Facts) -> Iterator[Evidence]:
    name, found = CheckName.IDENTIFIER_AGREES, len(facts.document.identifiers)
    if found > 1:
        yield failed(name, Reason.IDENTIFIER_DISAGREES, detail=f"{found} identifiers")
    elif facts.document.misnamed:
        detail = ", ".join(facts.document.misnamed)
        yield failed(name, Reason.IDENTIFIER_DISAGREES, detail=detail)
    elif facts.document.identifier is not None:
        yield passed(name)
    elif facts.document.format is LicenseFormat.FACTS:
        yield silent(name)  # asked by number and type
    else:
        yield unsure(name, Reason.IDENTIFIER_MISSING)


def _content(facts: Facts) -> Iterator[Evidence]:
    name, document = CheckName.CONTENT_AGREES, facts.document
    if document.package is None:
        yield silent(name)  # a format in which every element stands once
    elif document.disagreements:
        detail = ", ".join(document.disagreements)
        yield failed(name, Reason.CONTENT_DISAGREES, detail=detail)
    else:
        yield passed(name)


def _copy(facts: Facts) -> Iterator[Evidence]:
    name, until = CheckName.COPY_CURRENT, facts.document.copy_until
    ours, theirs = facts.matter, facts.document.copy_matter
    if not is_copy(facts):
        yield silent(name)
    elif until is None or not covers_copy(LicenseElement.COPY_UNTIL, facts):
        detail = "" if until is None else "stated, and not under its maker's own signature"
        yield unsure(name, Reason.COPY_EXPIRY_MISSING, detail=detail)
    elif facts.now > until:
        yield failed(name, Reason.COPY_EXPIRED)
    elif ours is None or theirs is None:
        yield passed(name)
    elif not covers_copy(LicenseElement.COPY_MATTER, facts):
        yield unsure(name, Reason.COPY_MATTER_UNPROVEN)
    elif not same_matter(ours, theirs):
        usual = matter_code_usual(ours) and matter_code_usual(theirs)
        detail = "" if usual else "one of the two is no 事项编码 of a usual form"
        yield failed(name, Reason.COPY_PURPOSE_DIFFERS, detail=detail)
    else:
        yield passed(name)


def _presentation(facts: Facts) -> Iterator[Evidence]:
    name, until = CheckName.PRESENTATION_CURRENT, facts.document.presentation_until
    if until is None:
        yield silent(name)
    elif facts.now >= until:
        yield failed(name, Reason.PRESENTATION_EXPIRED)
    else:
        yield passed(name)


def _own_dates(facts: Facts) -> Iterator[Evidence]:
    name, day = CheckName.OWN_DATES, local_date(facts.moment)
    since, until = facts.document.valid_from, facts.document.valid_until
    if until is not None and day > until:
        yield unsure(name, Reason.PAST_OWN_DATE)
    elif since is not None and day < since:
        yield unsure(name, Reason.BEFORE_OWN_DATE)
    elif since is None and until is None:
        yield silent(name)
    else:
        yield passed(name)


def _given(facts: Facts) -> Iterator[Evidence]:
    name, stated = CheckName.FACTS_GIVEN, facts.document.stated - {Fact.IDENTIFIER, Fact.TYPE}
    if facts.document.format is not LicenseFormat.FACTS:
        yield silent(name)
    elif stated & HOLDER_FACTS and len(stated) >= _ENOUGH:
        yield passed(name)
    else:
        yield unsure(name, Reason.INSUFFICIENT_FACTS)


SIGNED = Check(
    CheckName.SIGNED,
    "Is the document signed, and sealed where its type asks for a seal?",
    "文件是否有签名或签章？应当签章的是否有签章？",
    _signed,
)
IDENTIFIER_FORM = Check(
    CheckName.IDENTIFIER_FORM,
    "Is the identifier typed as the standard says?",
    "证照标识的格式和校验位是否正确？",
    _form,
)
IDENTIFIER_AGREES = Check(
    CheckName.IDENTIFIER_AGREES,
    "Is it the same identifier wherever it stands?",
    "各处的证照标识、类型、颁发机构是否一致？",
    _agrees,
)
CONTENT_AGREES = Check(
    CheckName.CONTENT_AGREES,
    "Does every element have one value wherever it stands?",
    "各项证照信息在文件各处是否一致？",
    _content,
)
COPY_CURRENT = Check(
    CheckName.COPY_CURRENT,
    "Is an annotated copy within its expiry and purpose?",
    "加注件是否在有效期和使用目的之内？",
    _copy,
)
PRESENTATION_CURRENT = Check(
    CheckName.PRESENTATION_CURRENT,
    "Is what was presented still meant to be presented?",
    "出示的令牌是否在有效时间之内？",
    _presentation,
)
OWN_DATES = Check(
    CheckName.OWN_DATES,
    "Is it within the dates it bears?",
    "是否在证照自身载明的有效期之内？",
    _own_dates,
)
FACTS_GIVEN = Check(
    CheckName.FACTS_GIVEN,
    "Are there facts enough to compare?",
    "提供的信息是否足以比对？",
    _given,
)
