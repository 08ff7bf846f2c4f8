"""What the codes in a picture say, and whether they say one thing."""

from collections.abc import Iterator

from app.checks.base import Check, passed, silent, unsure
from app.domain.evidence import CheckName, Evidence
from app.domain.facts import Facts
from app.domain.photo import NAMING, Held, PhotoFacts
from app.domain.reasons import Reason


def _clear(facts: Facts) -> Iterator[Evidence]:
    name, photo = CheckName.CODES_CLEAR, facts.document.photo
    if photo is None:
        yield silent(name)
        return
    doubts = tuple(_doubts(photo, facts))
    for why, detail in doubts:
        yield unsure(name, why, detail=detail)
    if not doubts:
        yield passed(name, detail=_counted(photo))


def _doubts(photo: PhotoFacts, facts: Facts) -> Iterator[tuple[Reason, str]]:
    """Two codes are never weighed against each other, and a strange address is always told."""
    held = [code.held for code in photo.codes]
    if photo.several:
        yield Reason.MULTIPLE_CODES, _counted(photo)
    if Held.UNOFFICIAL_URL in held:
        yield Reason.UNOFFICIAL_URL, _counted(photo)
    named = bool(NAMING & set(held)) or photo.typed
    if held and not named and Held.UNOFFICIAL_URL not in held:
        yield Reason.CODE_NAMES_NOTHING, _counted(photo)
    elif not held and not photo.typed:
        yield Reason.CODE_MISSING, ""
    elif named and not (photo.several or facts.document.stated or facts.document.coded):
        yield Reason.CODE_NAMES_NOTHING, _counted(photo)


def _counted(photo: PhotoFacts) -> str:
    """Kinds and numbers, as `license_token 1, other 2`."""
    kinds = [code.held for code in photo.codes]
    return ", ".join(f"{held.value} {kinds.count(held)}" for held in Held if held in kinds)


CODES_CLEAR = Check(
    CheckName.CODES_CLEAR,
    "Do the codes in the picture name one license, and lead nowhere strange?",
    "图片中的二维码是否指向同一证照，且不含来历不明的网址？",
    _clear,
)
