"""The walk over a package: which member a path leads to, and what was met on the way."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn

from app.domain.errors import BeyondLimits, Malformed
from app.domain.ofd import Dangling, Deviation, PartKind, Unmet
from app.formats.archive import Archive
from app.formats.markup import BadMarkup, MarkupRule, Node, read_markup

NAMESPACE = "http://www.ofdspec.org/2016"
LEGACY_NAMESPACE = "http://www.ofdspec.org"

MAX_MARKUP = 32 << 20
"""Bytes of XML read from one package: what a thousand full pages need."""
MAX_TAGS = 1_500_000
"""Opening and closing tags read from one package; building a tree of them is what costs."""
MAX_DANGLING = 2_000
"""Paths that lead nowhere; an archive holds no more members than that."""
MAX_TARGET = 255
"""Characters of a path that leads nowhere which are kept to explain it."""

_NEVER_A_NAME = re.compile(r"[\\:\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}")
_RANK: Mapping[PartKind, int] = {kind: rank for rank, kind in enumerate(PartKind)}


class PackageRule(StrEnum):
    """Why a package is refused; the second word of the message."""

    NO_OFD_XML = "no_ofd_xml"
    NO_BODY = "no_body"
    DOCUMENT_MISSING = "document_missing"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_SIGNATURE = "duplicate_signature"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_TYPE = "signature_type"
    DUPLICATE_REFERENCE = "duplicate_reference"
    CHECK_VALUE = "check_value"
    BOOLEAN = "boolean"
    TWO_READINGS = "two_readings"
    """A path that leads to one member by the standard, and to another where readers may look."""
    TOO_MANY_BODIES = "too_many_bodies"
    TOO_MANY_VERSIONS = "too_many_versions"
    TOO_MANY_SIGNATURES = "too_many_signatures"
    TOO_MANY_REFERENCES = "too_many_references"
    TOO_MANY_GAPS = "too_many_gaps"
    TOO_MUCH_MARKUP = "too_much_markup"


class BadPackage(Malformed):
    """A refused package; `rule` is for callers and tests."""

    def __init__(self, rule: PackageRule, where: str) -> None:
        super().__init__(f"ofd: {rule} {where}")
        self.rule = rule


class PackageBeyondLimits(BadPackage, BeyondLimits):
    """A package of more of something than is read here."""


_OUR_LIMITS = frozenset(
    {
        PackageRule.TOO_MANY_BODIES,
        PackageRule.TOO_MANY_VERSIONS,
        PackageRule.TOO_MANY_SIGNATURES,
        PackageRule.TOO_MANY_REFERENCES,
        PackageRule.TOO_MANY_GAPS,
        PackageRule.TOO_MUCH_MARKUP,
    }
)


def refuse(rule: PackageRule, where: str) -> NoReturn:
    """Raise `BadPackage`; the message names a place, never content."""
    raise (PackageBeyondLimits if rule in _OUR_LIMITS else BadPackage)(rule, where)


class Walk:
    """Collects parts, gaps and deviations while the readers go from file to file."""

    def __init__(self, archive: Archive) -> None:
        self.members = archive.members
        self.reachable: dict[str, PartKind] = {}
        self.dangling: list[Dangling] = []
        self.deviations: set[Deviation] = set(archive.deviations)
        self._empty_folders = archive.folders
        self._folders: set[str] | None = None
        self._folded: dict[str, str] | None = None
        self._markup = 0
        self._tags = 0

    def follow(self, target: str, source: str, kind: PartKind, base: str = "") -> str | None:
        """The member a path leads to, which becomes reachable as `kind`; a gap is kept.

        Args:
            target: the path as written.
            source: the part that holds it.
            kind: what it should lead to.
            base: BaseLoc of a resource file.
        """
        part, unmet = self.resolve(target, source, base)
        if part is None:
            if len(self.dangling) == MAX_DANGLING:
                refuse(PackageRule.TOO_MANY_GAPS, f"over {MAX_DANGLING} in the package")
            why = Unmet.MISSING if unmet is None else unmet
            self.dangling.append(Dangling(source, kind, why, target[:MAX_TARGET]))
            return None
        self.reach(part, kind)
        return part

    def reach(self, part: str, kind: PartKind) -> None:
        """Note a part; of two kinds the one nearer to what is shown counts."""
        known = self.reachable.get(part)
        if known is None or _RANK[kind] < _RANK[known]:
            self.reachable[part] = kind

    def resolve(self, target: str, source: str, base: str = "") -> tuple[str | None, Unmet | None]:
        """The member a path leads to, or why it leads to none.

        A path is relative to the folder of the file that holds it (and to `base` in it), or
        starts at the package root with a slash (ST_Loc, GB/T 33190 table 3). There is no file
        system behind it.
        """
        if not target:
            return None, Unmet.EMPTY
        path = target
        if not path.startswith("/"):
            folder = source.rpartition("/")[0]
            if base:
                path = f"{base}/{path}"
            if not path.startswith("/"):
                path = f"{folder}/{path}" if folder else path
        plain = path.removeprefix("/")
        found, unmet = (plain, None) if plain in self.members else self._resolve_oddly(plain)
        if found is not None:
            self._one_reading(target, source, self.members[found])
        return found, unmet

    def _one_reading(self, target: str, source: str, content: bytes) -> None:
        """Readers differ on what a path is relative to: the package, its document, the file that
        holds it, with or without `base`. None of these may lead to another content (OFD-06).
        """
        plain, folder = target.lstrip("/"), source.rpartition("/")[0]
        for place in {"", folder.partition("/")[0], folder}:
            other = f"{place}/{plain}" if place else plain
            if self.members.get(other, content) != content:
                refuse(PackageRule.TWO_READINGS, "of a path in the package")

    def _resolve_oddly(self, path: str) -> tuple[str | None, Unmet | None]:
        if _NEVER_A_NAME.search(path) is not None:
            return None, Unmet.NOT_A_PATH
        segments: list[str] = []
        met: set[Deviation] = set()
        for segment in path.rstrip("/").split("/"):
            if not segment:
                met.add(Deviation.DOUBLE_SLASH)
            elif segment == ".":
                met.add(Deviation.DOT_SEGMENT)
            elif segment == "..":
                met.add(Deviation.DOT_SEGMENT)
                if not segments:
                    return None, Unmet.ESCAPES
                segments.pop()
            else:
                segments.append(segment)
        plain = "/".join(segments)
        if path.endswith("/") or self._is_folder(plain):
            return None, Unmet.FOLDER
        if plain not in self.members:
            other = self._fold().get(plain.casefold())
            if other is None:
                return None, Unmet.MISSING
            met.add(Deviation.CASE_DIFFERS)
            plain = other
        self.deviations |= met
        return plain, None

    def _is_folder(self, path: str) -> bool:
        if self._folders is None:
            self._folders = set(self._empty_folders)
            for name in self.members:
                folder = name.rpartition("/")[0]
                while folder and folder not in self._folders:
                    self._folders.add(folder)
                    folder = folder.rpartition("/")[0]
        return not path or path in self._folders

    def _fold(self) -> dict[str, str]:
        # The archive holds no two names that differ in case only.
        if self._folded is None:
            self._folded = {name.casefold(): name for name in self.members}
        return self._folded

    def read(self, part: str, kind: PartKind, root: str) -> Node:
        """The root node of a part of the standard's own namespace.

        Raises:
            BadMarkup: unreadable, another root, or another namespace than the standard's.
            BadPackage: more XML than one package may cost.
        """
        where = f"{kind} part"
        content = self.members[part]
        self._markup += len(content)
        self._tags += content.count(b"<")
        if self._markup > MAX_MARKUP:
            refuse(PackageRule.TOO_MUCH_MARKUP, f"over {MAX_MARKUP} bytes in the package")
        if self._tags > MAX_TAGS:
            refuse(PackageRule.TOO_MUCH_MARKUP, f"over {MAX_TAGS} tags in the package")
        element = read_markup(content, where)
        space, _, name = element.tag[1:].rpartition("}")
        if space == LEGACY_NAMESPACE:
            self.deviations.add(Deviation.LEGACY_NAMESPACE)
        elif space != NAMESPACE:
            raise BadMarkup(MarkupRule.NAMESPACE, f"of the {where}")
        if name != root:
            raise BadMarkup(MarkupRule.ROOT, f"of the {where}: {root} expected")
        return Node(element, where)


def flag(node: Node, name: str, *, default: bool) -> bool:
    """An xs:boolean attribute.

    Raises:
        BadPackage: neither of its four spellings.
    """
    match node.get(name):
        case None | "":
            return default
        case "true" | "1" | "True":
            return True
        case "false" | "0" | "False":
            return False
        case _:
            refuse(PackageRule.BOOLEAN, f"{name} in the {node.where}")
