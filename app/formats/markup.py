"""XML read strictly: UTF-8, no DOCTYPE, bounded, namespace-exact, nothing said twice.

What a lenient reader lets pass (a second `DocRoot`, one in another namespace, text split by a
comment) is how one document is made to mean two things, so it is refused by name. Digests are
taken over raw bytes elsewhere; nothing here canonicalises. Threats XML-01…07.
"""

import math
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, TypeAlias, cast

from lxml import etree

from app.domain.errors import BeyondLimits, Malformed

Element: TypeAlias = etree._Element  # noqa: SLF001 -- the library exports no public name for it

_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"(?:UTF|utf)-8"|'(?:UTF|utf)-8'))?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?"""
    rb"""[ \t\r\n]*\?>"""
)
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = " \t\r\n"

MAX_DEPTH: Final = 64
MAX_ATTRIBUTES: Final = 128
_CROWDED_TAG = re.compile(rb"<[^!?<>=][^<>=]*+(?:=[^<>=]*+){%d}" % (MAX_ATTRIBUTES + 1))
"""A start tag with more equals signs than attributes are allowed, found without a tree."""
_CROWDED_FROM = 1 << 18
"""Bytes above which a tree is not built before that look; below, the tree itself is small."""

_too_deep = cast(
    "Callable[[Element], bool]", etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
)
_crowded = cast(
    "Callable[[Element], bool]",
    etree.XPath(f"boolean(/descendant-or-self::*/@*[{MAX_ATTRIBUTES + 1}])"),
)
_node_count = cast("Callable[[Element], float]", etree.XPath("count(//node())"))
_instructions = cast(
    "Callable[[Element], bool]", etree.XPath("boolean(//processing-instruction())")
)


class MarkupRule(StrEnum):
    """Why markup is refused; the second word of the message."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    ENCODING = "encoding"
    DECLARATION = "declaration"
    DOCTYPE = "doctype"
    INSTRUCTION = "instruction"
    NAMESPACES = "namespaces"
    """Too many namespace declarations."""
    ATTRIBUTES = "attributes"
    NODES = "nodes"
    DEPTH = "depth"
    SYNTAX = "syntax"
    NAMESPACE = "namespace"
    """A root outside the namespaces read here."""
    ROOT = "root"
    FOREIGN_TWIN = "foreign_twin"
    """An element of the schema's name in another namespace beside where it belongs."""
    MISSING = "missing"
    REPEATED = "repeated"
    TEXT = "text"
    """Text that is not one node."""
    ATTRIBUTE = "attribute"
    NUMBER = "number"


class BadMarkup(Malformed):
    """Refused XML; `rule` is for callers and tests."""

    def __init__(self, rule: MarkupRule, where: str) -> None:
        super().__init__(f"xml: {rule} {where}")
        self.rule = rule


class MarkupBeyondLimits(BadMarkup, BeyondLimits):
    """XML that is larger than what is read here; nothing else is known to be wrong with it."""


_OUR_LIMITS: Final = frozenset(
    {
        MarkupRule.TOO_LARGE,
        MarkupRule.NAMESPACES,
        MarkupRule.ATTRIBUTES,
        MarkupRule.NODES,
        MarkupRule.DEPTH,
    }
)
_LIBRARY_LIMITS: Final = {
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: MarkupRule.DEPTH,
    etree.ErrorTypes.ERR_NAME_TOO_LONG: MarkupRule.TOO_LARGE,
}
"""What the library refuses for its own sake: 256 elements in one another, names of 50 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkupLimits:
    """Bounds on one XML member; depth and attributes are module constants."""

    size: int = 8 << 20
    """Bytes."""
    nodes: int = 200_000
    """Elements, text nodes and comments."""
    assignments: int = 400_000
    """Equals signs: no more attributes than these, which cost the most memory."""
    namespaces: int = 1_000
    """Declarations; a document has one or two for each root it embeds."""


MARKUP_LIMITS = MarkupLimits()


def _refuse(rule: MarkupRule, where: str) -> NoReturn:
    raise (MarkupBeyondLimits if rule in _OUR_LIMITS else BadMarkup)(rule, where)


def read_markup(data: bytes, where: str, limits: MarkupLimits = MARKUP_LIMITS) -> Element:
    """The root element of a member's bytes.

    Args:
        data: the member as stored.
        where: the kind of part, for messages; never its name or content.
        limits: bounds.

    Raises:
        BadMarkup: (a `Malformed`) anything but one bounded UTF-8 document without DOCTYPE.
    """
    _prescan(data, where, limits)
    try:
        root = etree.fromstring(data, _mine.strict)
    except etree.XMLSyntaxError as error:
        _refuse(_rule_of(error), f"in the {where}, line {error.lineno}")
    _bounded(root, data, where, limits)
    return root


class _Parsers(threading.local):
    """One for each thread: one for all would serialise them on a lock, and one for each member
    costs as much as a small member.
    """

    def __init__(self) -> None:
        self.strict = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            collect_ids=False,
        )


_mine = _Parsers()


def read_broken_namespaces(
    data: bytes, where: str, limits: MarkupLimits = MARKUP_LIMITS
) -> Element:
    """As `read_markup`, where only namespaces are wrong: `<:Root xmlns:="">`, `ofd:` undeclared.

    Producers write the data index (自定义标引) so. What cannot be resolved stays in the
    element's name, prefix and all.

    Raises:
        BadMarkup: any other fault.
    """
    _prescan(data, where, limits)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        recover=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        _refuse(_rule_of(error), f"in the {where}, line {error.lineno}")
    faults = [entry for entry in parser.error_log if entry.domain != etree.ErrorDomains.NAMESPACE]
    if root is None or faults:
        _refuse(MarkupRule.SYNTAX, f"in the {where}")
    _bounded(root, data, where, limits)
    return root


def _rule_of(error: etree.XMLSyntaxError) -> MarkupRule:
    """The library's own limits are limits of ours; everything else is bad syntax."""
    code = cast("object", getattr(error, "code", None))
    return next((rule for kind, rule in _LIBRARY_LIMITS.items() if kind == code), MarkupRule.SYNTAX)


def _prescan(data: bytes, where: str, limits: MarkupLimits) -> None:
    """What can be told without building a tree."""
    if len(data) > limits.size:
        _refuse(MarkupRule.TOO_LARGE, f"in the {where}: over {limits.size} bytes")
    body = data.removeprefix(_BOM)
    if not body:
        _refuse(MarkupRule.EMPTY, f"in the {where}")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse(MarkupRule.ENCODING, f"in the {where}: not UTF-8")
    if b"\0" in body:
        _refuse(MarkupRule.ENCODING, f"in the {where}: a zero byte")
    if (
        body.startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n"))
        and _DECLARATION.match(body) is None
    ):
        _refuse(MarkupRule.DECLARATION, f"in the {where}: not XML 1.0 in UTF-8")
    if b"<!DOCTYPE" in body:
        _refuse(MarkupRule.DOCTYPE, f"in the {where}")
    _precount(body, where, limits)


def _precount(body: bytes, where: str, limits: MarkupLimits) -> None:
    """Bound the size of the tree before there is one."""
    if body.count(b"xmlns") > limits.namespaces:
        _refuse(MarkupRule.NAMESPACES, f"in the {where}: over {limits.namespaces}")
    # Every element costs at least one "<", and two unless it is empty.
    if body.count(b"<") > 2 * limits.nodes:
        _refuse(MarkupRule.NODES, f"in the {where}: over {limits.nodes}")
    if body.count(b"=") > limits.assignments:
        _refuse(MarkupRule.ATTRIBUTES, f"in the {where}: over {limits.assignments} in all")
    if len(body) > _CROWDED_FROM and _CROWDED_TAG.search(body) is not None:
        _refuse(MarkupRule.ATTRIBUTES, f"in the {where}: over {MAX_ATTRIBUTES}")


def _bounded(root: Element, data: bytes, where: str, limits: MarkupLimits) -> None:
    """Walks the tree for a bound only where the octets are enough to pass it."""
    tree = root.getroottree()
    if cast("object", tree.docinfo.internalDTD) is not None:
        _refuse(MarkupRule.DOCTYPE, f"in the {where}")
    tags = data.count(b"<")  # as many elements at most, and a text behind each
    if tags > MAX_DEPTH and _too_deep(root):
        _refuse(MarkupRule.DEPTH, f"in the {where}: over {MAX_DEPTH}")
    if 2 * tags > limits.nodes and _node_count(root) > limits.nodes:
        _refuse(MarkupRule.NODES, f"in the {where}: over {limits.nodes}")
    if data.count(b"=") > MAX_ATTRIBUTES and _crowded(root):
        _refuse(MarkupRule.ATTRIBUTES, f"in the {where}: over {MAX_ATTRIBUTES}")
    if _instructions(root):
        _refuse(MarkupRule.INSTRUCTION, f"in the {where}")


def local_name(tag: str) -> str:
    """The name without its namespace, and without a prefix that was never declared."""
    return tag.rpartition("}")[2].rpartition(":")[2]


class Node:
    """An element whose children are asked for by name, in its own namespace, and never guessed."""

    __slots__ = ("_foreign", "_own", "element", "where")

    def __init__(self, element: Element, where: str) -> None:
        self.element = element
        self.where = where
        space = element.tag.rpartition("}")[0]
        prefix = f"{space}}}" if space else ""
        own: dict[str, list[Element]] = {}
        foreign: set[str] = set()
        for child in element:
            tag = child.tag
            if not isinstance(cast("object", tag), str):  # a comment
                continue
            if tag.startswith(prefix) and (prefix or tag[0] != "{"):
                own.setdefault(tag[len(prefix) :], []).append(child)
            else:
                foreign.add(local_name(tag))
        self._own = own
        self._foreign = foreign

    @property
    def name(self) -> str:
        """Local name."""
        return local_name(self.element.tag)

    def all(self, name: str) -> list[Element]:
        """Every child called `name`, in document order.

        Raises:
            BadMarkup: one of that name stands beside them in another namespace (XML-06).
        """
        if name in self._foreign:
            _refuse(MarkupRule.FOREIGN_TWIN, f"of {name} in the {self.where}")
        return self._own.get(name, [])

    def nodes(self, name: str) -> list["Node"]:
        """The children called `name`, ready to be asked."""
        return [Node(child, self.where) for child in self.all(name)]

    def optional(self, name: str) -> "Node | None":
        """The only child called `name`, if there is one.

        Raises:
            BadMarkup: there are two (XML-06, XML-07).
        """
        found = self.all(name)
        if len(found) > 1:
            _refuse(MarkupRule.REPEATED, f"{name} in the {self.where}")
        return Node(found[0], self.where) if found else None

    def only(self, name: str) -> "Node":
        """The one child called `name`.

        Raises:
            BadMarkup: there is none, or more than one.
        """
        found = self.optional(name)
        if found is None:
            _refuse(MarkupRule.MISSING, f"{name} in the {self.where}")
        return found

    def names(self) -> list[str]:
        """Names of the element's own children, each once, in document order."""
        return list(self._own)

    def text(self) -> str:
        """The element's text, which must be one node, without the space around it.

        Raises:
            BadMarkup: a child, a comment or a processing instruction splits it.
        """
        if len(self.element):
            _refuse(MarkupRule.TEXT, f"of {self.name} in the {self.where} is not one node")
        return (self.element.text or "").strip(_SPACE)

    def optional_text(self, name: str) -> str | None:
        """Text of the only child called `name`; `None` where it is absent or empty."""
        found = self.optional(name)
        return (found.text() or None) if found is not None else None

    def get(self, name: str) -> str | None:
        """An attribute without namespace, or `None`."""
        value = self.element.get(name)
        return value.strip(_SPACE) if value is not None else None

    def attribute(self, name: str) -> str:
        """An attribute that must be there.

        Raises:
            BadMarkup: it is absent.
        """
        value = self.get(name)
        if value is None:
            _refuse(MarkupRule.ATTRIBUTE, f"{name} of {self.name} in the {self.where}")
        return value


def numbers(text: str, count: int, where: str) -> tuple[float, ...]:
    """`count` finite decimal numbers separated by space (ST_Box, ST_Array).

    Raises:
        BadMarkup: another count, or something that is not a number.
    """
    parts = text.split()
    if len(parts) == count:
        try:
            values = tuple(map(float, parts))
        except ValueError:
            values = ()
        if values and all(map(math.isfinite, values)):
            return values
    _refuse(MarkupRule.NUMBER, f"in the {where}: {count} expected")
