"""What a mutant may change: one small step each, in the syntax tree of one module.

Not changed: annotations and type aliases, docstrings, texts for people (details, questions,
messages), `slots` and `kw_only`, and the unreachable `case _: assert_never(…)`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Change = tuple[str, ast.AST | None]
"""What is done, and the new node; None takes the node out of its list."""

_COMPARISONS: Mapping[type[ast.cmpop], Sequence[type[ast.cmpop]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_UNTOUCHED_KEYWORDS = frozenset({"slots", "kw_only", "repr", "detail", "init"})


@dataclass(frozen=True, slots=True)
class Site:
    """One possible mutant: put `node` where `parent.field` (`[index]`) is."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST | None
    first: int
    last: int
    """Lines: of the statement it stands in, and of its own end."""
    what: str

    def apply(self) -> None:
        if self.index is None:
            setattr(self.parent, self.field, self.node)
        elif self.node is None:
            del getattr(self.parent, self.field)[self.index]
        else:
            getattr(self.parent, self.field)[self.index] = self.node


class Sites:
    """Every mutant of a module, in the order of its source."""

    def __init__(self, tree: ast.Module, enums: Mapping[str, Sequence[str]]) -> None:
        self._enums = enums
        self.found: list[Site] = []
        self._statement = 0
        self._visit(tree)

    def _visit(self, node: ast.AST) -> None:
        for field, value in ast.iter_fields(node):
            if _is_left_alone(node, field):
                continue
            if isinstance(value, list):
                for index, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        self._meet(node, field, index, child)
            elif isinstance(value, ast.AST):
                self._meet(node, field, None, value)

    def _meet(self, parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
        if _is_docstring(parent, node) or _is_unreachable(node):
            return
        outer = self._statement
        if isinstance(node, ast.stmt):
            self._statement = min([node.lineno, *_decorator_lines(node)])
        last = max((getattr(n, "lineno", 0) for n in _head(node)), default=0)
        changes = [*_OWN.get(type(node), lambda _: ())(node), *self._member(parent, field, node)]
        if index is not None:
            changes += _in_list(parent, field, node)
        for what, new in changes:
            self.found.append(Site(parent, field, index, new, self._statement, last, what))
        self._visit(node)
        self._statement = outer

    def _member(self, parent: ast.AST, field: str, node: ast.AST) -> Iterator[Change]:
        """Another member of the same closed set of words."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            members = self._enums.get(node.value.id, ())
            if node.attr in members and (parent, field) != (node, "value"):
                other = members[(members.index(node.attr) + 1) % len(members)]
                new = ast.Attribute(node.value, other, node.ctx)
                yield f"{node.value.id}.{node.attr} → {other}", ast.copy_location(new, node)


def _decorator_lines(node: ast.stmt) -> list[int]:
    return [decorator.lineno for decorator in getattr(node, "decorator_list", ())]


def _head(node: ast.AST) -> Iterator[ast.AST]:
    """The node without the statements inside it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.stmt, ast.match_case)):
            yield from _head(child)


def _is_left_alone(node: ast.AST, field: str) -> bool:
    alias = isinstance(node, ast.Assign) and all(
        isinstance(t, ast.Name) and (t.id == "__all__" or _is_type_name(t.id)) for t in node.targets
    )
    keyword = isinstance(node, ast.keyword) and node.arg in _UNTOUCHED_KEYWORDS
    text = isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom))
    raised = isinstance(node, ast.Raise)
    return (
        field in {"annotation", "returns", "ctx", "type_ignores", "targets", "target"}
        or alias or keyword or text or raised
    )  # fmt: skip


def _is_type_name(name: str) -> bool:
    bare = name.lstrip("_")
    return bare[:1].isupper() and not bare.isupper()


def _is_docstring(parent: ast.AST, node: ast.AST) -> bool:
    return (
        isinstance(parent, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
    )


def _is_unreachable(node: ast.AST) -> bool:
    return isinstance(node, ast.match_case) and ast.unparse(node).startswith(
        "case _:\n    assert_n"
    )


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def _at(new: ast.AST, old: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(ast.copy_location(new, old))


# ---- changes of a node by itself


def _compare(node: ast.Compare) -> Iterator[Change]:
    for i, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
            new = ast.Compare(node.left, ops, node.comparators)
            yield f"{_text(node)} → {_text(new)}", _at(new, node)


def _boolean(node: ast.BoolOp) -> Iterator[Change]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    new = ast.BoolOp(other, node.values)
    yield f"{_text(node)} → {_text(new)}", _at(new, node)
    for i, value in enumerate(node.values):
        rest = [*node.values[:i], *node.values[i + 1 :]]
        kept = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        yield f"without `{_text(value)}`", _at(kept, node) if len(rest) > 1 else kept


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, (ast.Not, ast.USub)):
        yield f"{_text(node)} → {_text(node.operand)}", node.operand


def _binary(node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in _ARITHMETIC:
        new = ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        yield f"{_text(node)} → {_text(new)}", _at(new, node)
    yield f"{_text(node)} → {_text(node.left)}", node.left
    if isinstance(node.op, (ast.BitOr, ast.Add)):
        yield f"{_text(node)} → {_text(node.right)}", node.right


def _constant(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield f"{node.value} → {not node.value}", _at(ast.Constant(not node.value), node)
    elif isinstance(node.value, int):
        yield f"{node.value} → {node.value + 1}", _at(ast.Constant(node.value + 1), node)


def _word(node: ast.Assign) -> Iterator[Change]:
    """The wire word of an enumeration, a name or a pattern."""
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        new = ast.Assign(node.targets, ast.Constant(node.value.value + "x"))
        yield f"{_text(node.value)} → another text", _at(new, node)


def _returned(node: ast.Return) -> Iterator[Change]:
    if node.value is None or (isinstance(node.value, ast.Constant) and not node.value.value):
        return  # None for False changes nothing
    yield f"return {_text(node.value)} → None", _at(ast.Return(ast.Constant(None)), node)
    if isinstance(node.value, (ast.Compare, ast.BoolOp)):
        new = ast.Return(ast.UnaryOp(ast.Not(), node.value))
        yield f"return not ({_text(node.value)})", _at(new, node)


def _conditional(node: Any) -> Iterator[Change]:
    for value in (True, False):
        new = type(node)(**{**dict(ast.iter_fields(node)), "test": ast.Constant(value)})
        yield f"if {_text(node.test)} → {value}", _at(new, node)


def _filter(node: ast.comprehension) -> Iterator[Change]:
    for i, test in enumerate(node.ifs):
        ifs = [*node.ifs[:i], *node.ifs[i + 1 :]]
        yield f"without `if {_text(test)}`", ast.comprehension(node.target, node.iter, ifs, 0)


def _case(node: ast.match_case) -> Iterator[Change]:
    if node.guard is not None:
        yield f"without guard {_text(node.guard)}", ast.match_case(node.pattern, None, node.body)


def _alternatives(node: ast.MatchOr) -> Iterator[Change]:
    for i, pattern in enumerate(node.patterns):
        rest = [*node.patterns[:i], *node.patterns[i + 1 :]]
        new = rest[0] if len(rest) == 1 else _at(ast.MatchOr(rest), node)
        yield f"without `{_text(pattern)}`", new


def _call(node: ast.Call) -> Iterator[Change]:
    if isinstance(node.func, ast.Name) and (other := _TWINS.get(node.func.id)):
        new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
        yield f"{node.func.id} → {other}", _at(new, node)


_OWN: Mapping[type[ast.AST], Callable[[Any], Iterator[Change]]] = {
    ast.Compare: _compare, ast.BoolOp: _boolean, ast.UnaryOp: _unary, ast.BinOp: _binary,
    ast.Constant: _constant, ast.Assign: _word, ast.Return: _returned, ast.If: _conditional,
    ast.IfExp: _conditional, ast.comprehension: _filter, ast.match_case: _case, ast.Call: _call,
    ast.MatchOr: _alternatives,
}  # fmt: skip

# ---- what a list can lose

_LISTS = {
    (ast.Set, "elts"), (ast.Tuple, "elts"), (ast.List, "elts"),
    (ast.Match, "cases"), (ast.FunctionDef, "decorator_list"), (ast.ClassDef, "decorator_list"),
}  # fmt: skip


def _in_list(parent: ast.AST, field: str, node: ast.AST) -> list[Change]:
    if (type(parent), field) in _LISTS and not isinstance(node, ast.Constant):
        return [(f"without `{_text(node)}`", None)]
    if field in {"body", "orelse"} and isinstance(node, (ast.Expr, ast.Raise, ast.AugAssign)):
        return [(f"without `{_text(node)}`", _at(ast.Pass(), node))]
    return []
