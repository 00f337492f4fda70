"""The backward lines of a program, derived as a textbook writes them.

Reverse accumulation over the forward lines (Griewank, Walther, *Evaluating Derivatives*, 2008, 3.2), but
emitted as lines of the same notation: each named value gets one line for its adjoint, a value that is
used twice gets a visible sum, and forward values that already stand are used again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core import ops
from core.errors import NotationError, ShapeError, SymbolicError
from core.notation.check import Layout
from core.notation.print import expression_text
from core.ops.base import Site
from core.program.dims import Shape
from core.program.expr import Apply, Attributes, Expr, Name, Num, call, tagged
from core.program.ir import Instruction, Operand, Program

LARGEST_LINE = 3000
DEEPEST_LINE = 100  # below what the notation reads, so that every derived line can be read again


@dataclass(frozen=True)
class Derived:
    """A derived line: its text, and for each of its operations the forward instruction it belongs to."""

    text: str
    tags: tuple[int | None, ...]


@dataclass
class Backward:
    """What was derived: the lines, the gradient of each parameter by name, and forward names to keep.

    `keep` maps a statement to lines that must stand before it, because it reuses a name whose earlier
    value the backward still needs.
    """

    lines: list[Derived] = field(default_factory=list)
    gradients: dict[str, str] = field(default_factory=dict)
    keep: dict[int, list[str]] = field(default_factory=dict)


def append_backward(
    program: Program, layout: Layout, env: Mapping[str, int], wanted: Mapping[str, str], batch_name: str, taken: set[str]
) -> Backward:
    """Derive the lines for the gradients of the parameters in `wanted` (parameter → name of its gradient, "" for ours).

    `layout` holds the shapes, with `m` for the batch size; `env` says which value each name stands for
    where the lines will be put; `taken` are the names that are not free.

    Raises:
        NotationError: if the loss is not a single number.
    """
    return _Deriver(program, layout, env, wanted, batch_name, taken).run()


class _Deriver:
    def __init__(
        self,
        program: Program,
        layout: Layout,
        env: Mapping[str, int],
        wanted: Mapping[str, str],
        batch_name: str,
        taken: set[str],
    ) -> None:
        self.program, self.layout, self.env, self.batch_name = program, layout, env, batch_name
        self.wanted = {program.inputs[p]: name for p, name in wanted.items()}
        self.taken = set(taken) | {n for n in wanted.values() if n}
        self.out = Backward()
        self.terms: dict[int, list[Expr]] = {}
        self.shapes: dict[str, Shape] = {}
        self.kept: dict[int, str] = {}
        self.maker = {i.result: i for i in program.instructions}
        self.active = self._active()
        self.standing = self._standing()

    def run(self) -> Backward:
        loss = self.program.loss
        if loss is None:
            raise NotationError(
                "there is no loss, so no gradient can be derived; write one under `# loss`, such as `L = mse(A2, Y)`"
            )
        if self._shape(loss) != ():
            statement = self.program.values[loss].statement
            line = self.program.statements[statement].line if statement is not None else 0
            name = self.program.values[loss].name
            raise NotationError(f"the loss `{name}` must be a single number; take the sum or the mean of it", line, 1)
        self.terms[loss] = [Num(1)]
        first_use = self._first_use()
        for statement in reversed(self.program.statements):
            for index in range(statement.last - 1, statement.first - 1, -1):
                try:
                    self._instruction(self.program.instructions[index], last=index == statement.last - 1)
                except (ShapeError, SymbolicError) as error:
                    raise NotationError(f"the derivative of this line cannot be written: {error}", statement.line, 1) from None
            for value in first_use.get(statement.index, []):
                try:
                    self._emit_gradient(value)
                except SymbolicError as error:
                    raise NotationError(f"a gradient cannot be written here: {error}", statement.line, 1) from None
        for value in self.wanted:
            if self.program.values[value].name not in self.out.gradients:
                self._emit_gradient(value)
        self._drop_unused()
        return self.out

    def _drop_unused(self) -> None:
        """Save only what a derived line reads; a rule is offered every operand, and needs few of them."""
        used = {word for line in self.out.lines for word in re.findall(r"\w+", line.text)}
        for statement, lines in list(self.out.keep.items()):
            self.out.keep[statement] = [line for line in lines if line.split(" = ")[0] in used]

    def _active(self) -> set[int]:
        """Values on a differentiable path from a wanted parameter to the loss."""
        moved = set(self.wanted)
        for i in self.program.instructions:
            rules = ops.get(i.op).vjp
            if any(o.value in moved and rules[n] is not None for n, o in enumerate(i.operands)):
                moved.add(i.result)
        needed = {self.program.loss}
        for i in reversed(self.program.instructions):
            if i.result in needed:
                needed.update(i.reads)
        return {v for v in moved if v in needed}

    def _standing(self) -> dict[tuple[str, tuple[Expr, ...], Attributes], Name]:
        """Forward values by what they compute, so that `A2` is used and not `sigmoid(Z2)` again."""
        found: dict[tuple[str, tuple[Expr, ...], Attributes], Name] = {}
        for s in self.program.statements:
            if s.last <= s.first:
                continue
            i = self.program.instructions[s.last - 1]
            if self.env.get(s.target) == i.result and all(o.value is None or o.value in self.env.values() for o in i.operands):
                key = self._key(i.op, tuple(self._operand(o) for o in i.operands), tuple(sorted(i.attributes.items())))
                found.setdefault(key, Name(s.target, i.result))
        return found

    def _key(self, op: str, args: tuple[Expr, ...], attributes: Attributes) -> tuple[str, tuple[Expr, ...], Attributes]:
        """What an operation computes, with its axis counted from the first, so that -1 and 1 are the same of two."""
        axis = dict(attributes).get("axis")
        if isinstance(axis, int) and axis < 0 and args:
            attributes = tuple(sorted({**dict(attributes), "axis": axis + len(self._shape_of(args[0]))}.items()))
        return _same_op(op), args, attributes

    def _first_use(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        seen: set[int] = set()
        for i in self.program.instructions:
            for o in i.operands:
                if o.value in self.wanted and o.value not in seen and i.result in self.active:
                    assert o.value is not None
                    seen.add(o.value)
                    found.setdefault(i.statement, []).append(o.value)
        return found

    def _instruction(self, i: Instruction, last: bool) -> None:
        terms = self.terms.get(i.result)
        if not terms or i.result not in self.active:
            return
        g = self._sum(terms)
        if last:
            g = self._named(i, g)
        elif not self._cheap(g) and sum(o.value in self.active for o in i.operands) > 1:
            g = self._emit(self._fresh("d" + re.sub(r"\W+", "_", self.program.values[i.result].label)), g, i.result)
        op = ops.get(i.op)
        shape = self._shape(i.result)
        if not op.elementwise and self._shape_of(g) != shape:
            g = self._fill(g, i.result)
        attributes = {k: v for k, v in i.attributes.items() if k != "in_place"}
        args = tuple(self._operand(o) for o in i.operands)
        shapes = tuple(self._operand_shape(o) for o in i.operands)
        site = Site(g, args, self._value(i.result), attributes, shapes, shape, self.batch_name)
        for operand, rule, wanted in zip(i.operands, op.vjp, shapes, strict=True):
            if rule is None or operand.value not in self.active:
                continue
            assert operand.value is not None
            term = self._reuse(tagged(rule(site), i.index))
            if term == Num(0):
                continue
            term = tagged(self._unbroadcast(term, shape if op.elementwise else None, wanted, i.result), i.index)
            _check_size(term)
            self.terms.setdefault(operand.value, []).append(term.T if operand.transposed else term)

    def _named(self, i: Instruction, g: Expr) -> Expr:
        """Give the adjoint of a named value its own line, unless another name already stands for it."""
        if i.result == self.program.loss or (_simple(g) and self._shape_of(g) == self._shape(i.result)):
            return g
        if isinstance(g, Num) or (_simple(g) and i.op in ("sum", "mean")):
            return g
        return self._emit(self._fresh("d" + self.program.values[i.result].name), g, i.result)

    def _emit_gradient(self, value: int) -> None:
        name = self.program.values[value].name
        if name in self.out.gradients:
            return
        terms = self.terms.get(value)
        g = self._sum(terms) if terms else call("zeros_like", self._value(value))
        target = self.wanted[value] or self._fresh("d" + name)
        self._emit(target, g, value)
        self.out.gradients[name] = target

    def _emit(self, target: str, g: Expr, value: int) -> Name:
        shape = self._shape(value)
        if self._shape_of(g) != shape:
            g = self._fill(g, value)
        _check_size(g)
        self.shapes[target] = shape
        self.out.lines.append(Derived(f"{target} = {expression_text(g)}", _tags(g)))
        return Name(target)

    def _sum(self, terms: list[Expr]) -> Expr:
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def _fill(self, g: Expr, value: int) -> Expr:
        return g * call("ones_like", self._value(value))

    def _unbroadcast(self, term: Expr, out: Shape | None, wanted: Shape, result: int) -> Expr:
        """Sum the axes away over which an operand was repeated."""
        shape = self._shape_of(term)
        if shape == wanted:
            return term
        full = shape if out is None else out
        extra = len(full) - len(wanted)
        if extra < 0:
            return term
        repeated = tuple(a for a in range(len(wanted)) if wanted[a] == 1 and full[a + extra] != 1)
        if not extra and not repeated:
            return term
        if shape != full:
            term = self._fill(term, result)
        if extra:
            axis = None if not wanted else (0 if extra == 1 else tuple(range(extra)))
            term = call("sum", term) if axis is None else call("sum", term, axis=axis)
        if repeated:
            term = call("sum", term, axis=repeated[0] if len(repeated) == 1 else repeated, keepdims=True)
        return term

    def _reuse(self, e: Expr) -> Expr:
        if not isinstance(e, Apply):
            return e
        args = tuple(self._reuse(a) for a in e.args)
        found = self.standing.get(self._key(e.op, args, e.attributes))
        return found if found is not None else Apply(e.op, args, e.attributes, e.adjoint_of)

    def _cheap(self, e: Expr) -> bool:
        """A name, or a product or quotient of plain numbers, as `1 / m`: writing it twice costs nothing."""
        if isinstance(e, Apply):
            return e.op in ("multiply", "divide", "negative") and all(self._cheap(a) and self._shape_of(a) == () for a in e.args)
        return True

    def _shape(self, value: int) -> Shape:
        shape = self.layout.shape(value)
        assert shape is not None
        return shape

    def _operand_shape(self, o: Operand) -> Shape:
        if o.value is None:
            return ()
        shape = self._shape(o.value)
        return shape[::-1] if o.transposed else shape

    def _shape_of(self, e: Expr) -> Shape:
        if isinstance(e, Num):
            return ()
        if isinstance(e, Name):
            if e.value is not None:
                return self._shape(e.value)
            return self.shapes.get(e.name, ())
        assert isinstance(e, Apply)
        return ops.get(e.op).shape(*(self._shape_of(a) for a in e.args), **dict(e.attributes))

    def _operand(self, o: Operand) -> Expr:
        if o.value is None:
            assert o.number is not None
            return Num(o.number)
        e = self._value(o.value)
        return e.T if o.transposed else e

    def _value(self, value: int) -> Expr:
        """Return a forward value as it can be written where the lines stand."""
        v = self.program.values[value]
        if v.kind == "part":
            i = self.maker[value]
            attributes = tuple(sorted((k, x) for k, x in i.attributes.items() if k != "in_place"))
            e = Apply(i.op, tuple(self._operand(o) for o in i.operands), attributes)
            _check_size(e)
            return e
        if self.env.get(v.name) == value:
            return Name(v.name, value)
        other = next((n for n, x in self.env.items() if x == value), None)
        return Name(other if other is not None else self._keep(value), value)

    def _keep(self, value: int) -> str:
        """Save a value whose name is used again before the backward needs it."""
        if value not in self.kept:
            v = self.program.values[value]
            name = self._fresh(f"{v.name}_{v.version + 1}")
            later = next(
                s for s in self.program.statements
                if s.target == v.name and (v.statement is None or s.index > v.statement) and s.last > s.first
            )  # fmt: skip
            last = self.program.instructions[later.last - 1]
            in_place = last.attributes.get("in_place") or last.op == "mask_assign"
            self.out.keep.setdefault(later.index, []).append(f"{name} = {v.name}{'.copy()' if in_place else ''}")
            self.kept[value] = name
        return self.kept[value]

    def _fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


def _same_op(op: str) -> str:
    return "sigmoid" if op == "sigmoid_written_out" else op


def _simple(e: Expr) -> bool:
    """A name or a number: no line of its own is needed."""
    return isinstance(e, (Name, Num))


def _tags(e: Expr) -> tuple[int | None, ...]:
    """Return `adjoint_of` for each instruction that the text of `e` will be read as, in order."""
    found: list[int | None] = []

    def visit(node: Expr, top: bool) -> None:
        if isinstance(node, Apply):
            for a in node.args:
                visit(a, False)
            bare = node.op == "transpose" and not node.attributes
            if not bare or top:
                found.append(node.adjoint_of)
        elif top:
            found.append(None)

    visit(e, True)
    return tuple(found)


def _check_size(e: Expr) -> None:
    left = LARGEST_LINE
    stack = [(e, 1)]
    while stack:
        node, depth = stack.pop()
        left -= 1
        if left < 0 or depth > DEEPEST_LINE:
            raise SymbolicError(
                "a line is so long that its derivative cannot be written as one line; split it into several lines"
            )
        if isinstance(node, Apply):
            stack.extend((a, depth + 1) for a in node.args)
