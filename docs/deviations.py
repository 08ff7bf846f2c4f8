"""docs/deviations.md: every deviation from the letter that is tolerated, from the source."""

import ast
import inspect
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from app.domain.certificate import FATAL_DEVIATIONS, CertificateDeviation
from app.domain.cms import CmsDeviation
from app.domain.seal import SealDeviation

TITLES: Final[dict[type[StrEnum], str]] = {
    SealDeviation: "Seals and their use 印章、签章",
    CmsDeviation: "SignedData 签名数据",
    CertificateDeviation: "Certificates 证书",
}
HEAD: Final = """# What authentic files get wrong, and is read all the same

Real files differ from the letter of GB/T 38540, GM/T 0031, GB/T 35275 and RFC 5280. Each
difference below was met or is known, has one name and is read in one way; those of seals and
SignedData stand in the report of each signature (`deviations`, `container_deviations`). Nothing is
tried until it verifies: the form is told by its octets before any signature is looked at. Whatever
is not here is refused.
"""


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Value → the sentence under the member in the source, if there is one."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    if not isinstance(body, ast.ClassDef):
        raise TypeError("a class is needed")
    return dict(_members(body))


def _members(body: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for each, after in zip(body.body, [*body.body[1:], None], strict=True):
        match each:
            case ast.Assign(value=ast.Constant(value=str(value))):
                yield value, _text(after)
            case _:
                continue


def _text(after: ast.stmt | None) -> str:
    match after:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
        case _:
            return ""


def document() -> str:
    """The whole page."""
    parts = [HEAD]
    for kind, title in TITLES.items():
        parts.append(f"## {title}\n")
        parts.append("| name | what |\n|---|---|")
        for value, text in meanings(kind).items():
            parts.append(f"| `{value}` | {text or value.replace('_', ' ')}{_fatal(kind, value)} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _fatal(kind: type[StrEnum], value: str) -> str:
    fatal = kind is CertificateDeviation and value in FATAL_DEVIATIONS
    return " *Read to be told; nobody is trusted by it.*" if fatal else ""
