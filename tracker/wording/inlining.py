"""Templates whose macros and includes are written into them when they are compiled.

A mail is made of some sixty calls of macros with a few words in each; calling one costs ten times
what it writes. A call that stands alone in `{{ }}` is replaced by the macro's body, with its
arguments in place and everything that is then constant worked out. What a template says stays the
same. A macro that is called in any other way, is recursive or takes `caller` stays a macro.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateError
from jinja2.runtime import markup_join

Kind = TypeVar("Kind", bound=nodes.Node)

DEEPEST = 20
"""Macros within macros; beyond it they are called."""


class Inlining(Environment):
    """An environment that compiles its templates so."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return _Inliner(self, name or "").template(tree)

    def tree(self, name: str) -> nodes.Template:
        """A template of the loader as it is written."""
        assert self.loader is not None
        source, filename, _ = self.loader.get_source(self, name)
        return super()._parse(source, name, filename)


@dataclass(frozen=True)
class _Library:
    """The macros of an imported template under the name that it has there, and what it sets."""

    template: str
    alias: str
    macros: Mapping[str, nodes.Macro]
    named: frozenset[str]
    """All its macros, those included that have to be called."""
    constants: Mapping[str, Any]


@dataclass
class _Inliner:
    environment: Inlining
    name: str
    libraries: dict[str, _Library] = field(default_factory=dict)
    own: dict[str, nodes.Macro] = field(default_factory=dict)
    count: int = 0
    depth: int = 0

    def template(self, tree: nodes.Template) -> nodes.Template:
        for one in self._imports(tree):
            found = self._library(one)
            if found is not None:
                self.libraries[one.target] = found
        tree.body = self.body(tree.body)
        _drop_unused(tree)
        for block in tree.find_all(nodes.Block):
            if not any(_of(block.body, nodes.Block)):
                block.body = _at_once(block.body)
        tree.set_environment(self.environment)
        return tree

    def _imports(self, tree: nodes.Template) -> Iterator[nodes.Import]:
        """Those of the frame that it fills in come first, then its own."""
        for one in tree.find_all(nodes.Extends):
            if isinstance(one.template, nodes.Const):
                yield from self._imports(self.environment.tree(one.template.value))
        yield from tree.find_all(nodes.Import)

    def _library(self, one: nodes.Import) -> _Library | None:
        """None where what it sets depends on who imports it."""
        if not isinstance(one.template, nodes.Const):
            return None
        tree = self.environment.tree(one.template.value)
        sets = any(isinstance(each, nodes.Assign) for each in tree.body)
        if sets and one.with_context:
            return None
        constants = vars(self.environment.get_template(one.template.value).module) if sets else {}
        every = {each.name: each for each in tree.body if isinstance(each, nodes.Macro)}
        macros = {name: each for name, each in every.items() if self._knows_all(each, tree)}
        given = {name: value for name, value in constants.items() if name not in every}
        return _Library(one.template.value, one.target, macros, frozenset(every), given)

    def _knows_all(self, macro: nodes.Macro, tree: nodes.Template) -> bool:
        """Whether what the macro's template imports for it is imported here under the same name:
        written in here, it would miss anything else."""
        used = {each.name for each in _of(macro.body, nodes.Name)}
        for one in tree.find_all(nodes.Import):
            here = self.libraries.get(one.target)
            same = here is not None and nodes.Const(here.template) == one.template
            if one.target in used and not same:
                return False
        return True

    # -- statements --------------------------------------------------------------------------------

    def body(self, statements: Iterable[nodes.Node]) -> list[nodes.Node]:
        before, written = dict(self.own), []
        for one in statements:
            written += self._statement(one)
        self.own = before
        return _joined(written)

    def _statement(self, one: nodes.Node) -> list[nodes.Node]:
        if isinstance(one, nodes.Output):
            return [piece for child in one.nodes for piece in self._written(child, one.lineno)]
        if isinstance(one, nodes.If):
            return self._if(one)
        if isinstance(one, nodes.Include):
            return self._include(one)
        if isinstance(one, nodes.Macro):
            self.own[one.name] = one
        for name, value in one.iter_fields():
            if isinstance(value, list) and value and isinstance(value[0], nodes.Stmt):
                setattr(one, name, self.body(value))
            else:
                setattr(one, name, self._expressions(value))
        return [one]

    def _if(self, one: nodes.If) -> list[nodes.Node]:
        one.test = self._expression(one.test)
        known = self._constant(one.test)
        if known is not None:
            kept = one.body if known[0] else [*one.elif_, *one.else_]
            if known[0] or not one.elif_:
                return self.body(kept)
        one.body, one.else_ = self.body(one.body), self.body(one.else_)
        for other in one.elif_:
            other.test, other.body = self._expression(other.test), self.body(other.body)
        return [one]

    def _constant(self, test: nodes.Node) -> tuple[bool] | None:
        """Whether the test always holds; None where that is not known yet."""
        test.set_environment(self.environment)
        try:
            return (bool(cast(nodes.Expr, test).as_const()),)
        except (nodes.Impossible, TemplateError):
            return None

    def _include(self, one: nodes.Include) -> list[nodes.Node]:
        plain = isinstance(one.template, nodes.Const) and isinstance(one.template.value, str)
        if not plain or not one.with_context or one.ignore_missing:
            return [one]
        name = cast(nodes.Const, one.template).value
        if self._escapes(name) != self._escapes(self.name):
            return [one]
        tree = _Inliner(self.environment, name).template(self.environment.tree(name))
        if tree.find(nodes.Extends) or tree.find(nodes.Block):
            return [one]
        return [nodes.Scope(tree.body, lineno=one.lineno)]

    def _escapes(self, name: str) -> bool:
        chosen = self.environment.autoescape
        return chosen if isinstance(chosen, bool) else chosen(name)

    def _written(self, child: nodes.Expr, line: int) -> list[nodes.Node]:
        found = self._macro_of(child)
        if found is not None and self.depth < DEEPEST:
            opened = self._opened(*found, cast(nodes.Call, child), line)
            if opened is not None:
                return opened
        return [nodes.Output([self._expression(child)], lineno=line)]

    # -- macros ------------------------------------------------------------------------------------

    def _macro_of(self, one: nodes.Expr) -> tuple[nodes.Macro, _Library | None] | None:
        """The macro that is called here, with the library that it is of."""
        if not isinstance(one, nodes.Call) or one.dyn_args or one.dyn_kwargs:
            return None
        called = one.node
        if isinstance(called, nodes.Name) and called.name in self.own:
            return self.own[called.name], None
        if isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
            library = self.libraries.get(called.node.name)
            if library is not None and called.attr in library.macros:
                return library.macros[called.attr], library
        return None

    def _opened(
        self, macro: nodes.Macro, library: _Library | None, call: nodes.Call, line: int
    ) -> list[nodes.Node] | None:
        given = _arguments(macro, call)
        if given is None:
            return None
        self.count += 1
        mark = f"_i{self.count}{self.depth}_"
        bound, put = self._bound(macro, given, mark, line)
        stored = {one.name for one in _of(macro.body, nodes.Name) if one.ctx != "load"}
        renamed = {name: nodes.Name(mark + name, "load") for name in stored}
        copy = _Copy(bound | renamed, mark, stored, library, line)
        self.depth += 1
        written = self.body([*put, *(copy.of(one) for one in macro.body)])
        self.depth -= 1
        return [nodes.Scope(written, lineno=line)] if put or stored else written

    def _bound(
        self, macro: nodes.Macro, given: Mapping[str, nodes.Expr], mark: str, line: int
    ) -> tuple[dict[str, nodes.Expr], list[nodes.Node]]:
        """What stands in for each parameter, and what has to be worked out before."""
        bound: dict[str, nodes.Expr] = {}
        put: list[nodes.Node] = []
        for name, value in given.items():
            if isinstance(value, nodes.Const) or _uses(macro, name) == 1:
                bound[name] = value
                continue
            target = nodes.Name(mark + name, "store", lineno=line)
            bound[name] = nodes.Name(mark + name, "load", lineno=line)
            if self._macro_of(value) is not None:
                output = nodes.Output([value], lineno=line)
                put.append(nodes.AssignBlock(target, None, [output], lineno=line))
            else:
                put.append(nodes.Assign(target, value, lineno=line))
        return bound, put

    # -- expressions -------------------------------------------------------------------------------

    def _expressions(self, value: Any) -> Any:
        if isinstance(value, nodes.Node):
            return self._expression(value)
        if isinstance(value, list):
            return [self._expressions(one) for one in value]
        return value

    def _expression(self, one: Kind) -> Kind:
        """With what a library sets written into it."""
        if isinstance(one, nodes.Getattr) and isinstance(one.node, nodes.Name):
            library = self.libraries.get(one.node.name)
            if library is not None and one.attr in library.constants:
                value = library.constants[one.attr]
                return cast(Kind, nodes.Const(value, lineno=one.lineno))
        for name, value in one.iter_fields():
            setattr(one, name, self._expressions(value))
        if isinstance(one, nodes.Concat) and all(isinstance(p, nodes.Const) for p in one.nodes):
            # Jinja itself would forget here that a part is markup already.
            whole = markup_join([cast(nodes.Const, part).value for part in one.nodes])
            return cast(Kind, nodes.Const(whole, lineno=one.lineno))
        return one


@dataclass(frozen=True)
class _Copy:
    """A macro's body with other names: its parameters by what was given for them, its own
    variables by names that nobody else has."""

    names: Mapping[str, nodes.Expr]
    mark: str
    stored: set[str]
    origin: _Library | None
    line: int

    def of(self, one: Kind) -> Kind:
        if isinstance(one, nodes.Name):
            return cast(Kind, self._name(one))
        fields = [self._value(value) for _, value in one.iter_fields()]
        return type(one)(*fields, lineno=self.line)

    def _value(self, value: Any) -> Any:
        if isinstance(value, nodes.Node):
            return self.of(value)
        return [self._value(one) for one in value] if isinstance(value, list) else value

    def _name(self, one: nodes.Name) -> nodes.Expr:
        if one.ctx != "load":
            return nodes.Name(self.mark + one.name, one.ctx, lineno=self.line)
        if one.name in self.names:
            return _Copy({}, "", set(), None, self.line).of(self.names[one.name])
        library = self.origin
        if library is not None and one.name in library.constants:
            return nodes.Const(library.constants[one.name], lineno=self.line)
        if library is not None and one.name in library.named:
            alias = nodes.Name(library.alias, "load", lineno=self.line)
            return nodes.Getattr(alias, one.name, "load", lineno=self.line)
        return nodes.Name(one.name, "load", lineno=self.line)


def _arguments(macro: nodes.Macro, call: nodes.Call) -> dict[str, nodes.Expr] | None:
    """By parameter; None where only a real call could take them, or say that they are wrong."""
    names = [one.name for one in macro.args]
    late = {one.key: one.value for one in call.kwargs}
    special = {"caller", "varargs", "kwargs"}
    if len(call.args) > len(names) or not late.keys() <= set(names):
        return None
    if any(one.name in special for one in _of(macro.body, nodes.Name)):
        return None
    defaults = dict(zip(reversed(names), reversed(macro.defaults), strict=False))
    given = defaults | dict(zip(names, call.args, strict=False)) | late
    return given if given.keys() == set(names) else None


def _uses(macro: nodes.Macro, name: str) -> int:
    """How often the parameter is read; often, where it is read within a loop."""
    within = sum(one.name == name for loop in _of(macro.body, nodes.For)
                 for one in loop.find_all(nodes.Name))  # fmt: skip
    return within * 2 + sum(one.name == name for one in _of(macro.body, nodes.Name))


def _of(body: Iterable[nodes.Node], kind: type[Kind]) -> Iterator[Kind]:
    for one in body:
        if isinstance(one, kind):
            yield one
        yield from one.find_all(kind)


def _joined(statements: Iterable[nodes.Node]) -> list[nodes.Node]:
    """Neighbouring pieces of text as one, so that what is constant is written at once."""
    joined: list[nodes.Node] = []
    for one in statements:
        last = joined[-1] if joined else None
        if isinstance(one, nodes.Output) and isinstance(last, nodes.Output):
            last.nodes.extend(one.nodes)
        else:
            joined.append(one)
    return joined


def _at_once(body: list[nodes.Node]) -> list[nodes.Node]:
    """Written into one list instead of handed on piece by piece through every frame."""
    if len(body) < 2:
        return body
    line, whole = body[0].lineno, "_i_whole"
    return [
        nodes.AssignBlock(nodes.Name(whole, "store", lineno=line), None, body, lineno=line),
        nodes.Output([nodes.Name(whole, "load", lineno=line)], lineno=line),
    ]


def _drop_unused(tree: nodes.Template) -> None:
    """Imports that run for each render and of which nothing is called any more."""
    called = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
    framed = tree.find(nodes.Block) is not None and tree.find(nodes.Extends) is None
    if framed:
        return  # what fills the frame in may call them
    tree.body = [
        one for one in tree.body
        if not isinstance(one, nodes.Import) or one.target in called
    ]  # fmt: skip
