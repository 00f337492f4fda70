"""Program → plain NumPy script that runs without us and gives the same bits.

The lines are the program's own, as typed; only what NumPy does not know by itself is filled in: `np.`
before function names, the source of our few functions, the loop over iterations and its batches.
"""

from __future__ import annotations

import ast
import inspect
import io
import math
import tokenize
from collections.abc import Callable
from typing import Any

import numpy as np

from core import ops
from core.data import datasets, given
from core.errors import StepperError
from core.notation.check import first_facts, infer
from core.notation.convert import METHODS
from core.notation.embed import array_text
from core.notation.parse import Raw, parse
from core.notation.setup import RESERVED
from core.notation.syntax import python_tree
from core.ops.base import Op
from core.program.ir import Batching, Program

_CREATORS = ("array", "asarray", "zeros", "ones", "full", "arange", "linspace", "eye")
_RANDOM = (
    "rand",
    "randn",
    "random",
    "random_sample",
    "uniform",
    "normal",
    "standard_normal",
    "randint",
    "default_rng",
    "RandomState",
)


_BUILTINS = ("int", "len", "range", "float", "print")


ELIDED = 256 * 1024


def script_text(program: Program, title: str, iterations: int = 200) -> str:
    """Return the script; it takes the number of iterations as its first argument and prints each loss.

    Raises:
        StepperError: if the program has a line that cannot run.
    """
    if program.fault is not None:
        line = program.statements[program.fault.statement].line
        raise StepperError(f"line {line} cannot run, so there is nothing to print yet: {program.fault.message}")
    return _Script(program, title, iterations).text()


class _Script:
    def __init__(self, program: Program, title: str, iterations: int) -> None:
        self.program, self.title, self.iterations = program, title, iterations
        self.source = parse(program.text)
        names = {n.id for s in self.source.statements for n in ast.walk(s.value) if isinstance(n, ast.Name)}
        self.given = {s.target for s in self.source.statements if isinstance(s, Raw)} | set(self.source.definitions)
        self.taken = names | {s.target for s in self.source.statements if isinstance(s, Raw)} | set(self.source.definitions)
        self.system = self._fresh("sys") if "sys" in self.given else "sys"
        axis = program.batching.axis
        context = {"samples": axis, "class_axis": 0 if axis == -1 else -1, "seed": program.batching.seed, "target": ""}
        self.qualify = _Qualify(set(self.source.definitions), self.taken - ops_called(self.source), context)
        if _has_large_values(program):
            self.qualify.hold = self._fresh

    def text(self) -> str:
        setup, body = self._setup(), self._body()
        definitions = [ast.unparse(self.qualify.visit(d.node)) for d in self.source.definitions.values()]
        helpers = [_renamed(inspect.getsource(f).rstrip(), f.__name__, name) for name, f in self.qualify.helpers.items()]
        head = [
            f'"""{_plain(self.title)}, printed by Backprop Stepper; it runs without it.',
            "",
            "Give the number of iterations as an argument; each line shows an iteration and its loss.",
            '"""',
            "",
            *(["import builtins"] if self.given & set(_BUILTINS) else []),
            *(["import base64"] if "base64." in "".join(setup) else []),
            "import sys" if "sys" not in self.given else f"import sys as {self.system}",
            *(["import zlib"] if "base64." in "".join(setup) else []),
            "",
            "import numpy as np",
            "",
            'np.seterr(all="ignore")  # NaN and infinity are shown, not warned of',
        ]
        blocks = ["\n".join(head), *helpers, *definitions]
        return "\n\n\n".join(blocks) + "\n\n\n" + "\n".join([*setup, "", *body]) + "\n"

    def _fresh(self, name: str) -> str:
        while name in self.taken or ops.named(name) is not None:
            name += "_"
        self.taken.add(name)
        return name

    def _built(self, name: str) -> str:
        """Return how Python's own function is called, also where the program gives its name to something else."""
        return f"builtins.{name}" if name in self.given else name

    def _setup(self) -> list[str]:
        out: list[str] = []
        section = None
        named = {g.name: g for g in self.program.given}
        iterated = {s.line for s in self.program.statements}
        for item in self.source.statements:
            if isinstance(item, ast.Expr):
                if ast.unparse(item.value.func) != "print":  # type: ignore[attr-defined]
                    if self.source.section_at(item.lineno) not in (section, None):
                        section = self.source.section_at(item.lineno)
                        out.append(f"# {section}")
                    out.append(ast.unparse(self.qualify.visit(item)))
                continue
            if item.line in iterated or (item.target in RESERVED and isinstance(item.value, ast.Constant)):
                continue
            found = named.get(item.target)
            if found is not None and found.section != section:
                section = found.section
                out.append(f"# {section}")
            if found is not None and isinstance(found.value, np.ndarray) and _lies_in_a_file(item.value):
                out.append(f"{item.target} = {array_text(found.value)}{_remark(item)}")
                continue
            out.append(f"{item.target} = {self._expression(item)}{_remark(item)}")
            if found is not None and isinstance(found.value, np.generic):
                out.append(f"{item.target} = {item.target}[()]")
            elif (
                found is not None
                and isinstance(found.value, np.ndarray)
                and isinstance(item.value, (ast.Name, ast.Attribute, ast.Subscript))
            ):
                out.append(f'{item.target} = np.copy({item.target}, order="K")')
        for g in self.program.given:
            if isinstance(g.value, np.ndarray) and self._recast():
                out.append(f'{g.name} = {g.name}.astype("{self._recast()}")')
        return out

    def _recast(self) -> str | None:
        for s in self.source.statements:
            if isinstance(s, Raw) and s.target == "dtype" and isinstance(s.value, ast.Constant):
                return str(s.value.value)
        return None

    def _expression(self, item: Raw) -> str:
        self.qualify.context["target"] = item.target
        before = ast.dump(item.value)
        after = self.qualify.visit(item.value)
        if ast.dump(after) == before and item.line == item.end_line and "#" not in item.text:
            return item.text.split("=", 1)[1].strip() if item.augment is None and item.mask is None else ast.unparse(after)
        return ast.unparse(after)

    def _body(self) -> list[str]:
        names = {key: self._fresh(key) for key in ("iterations", "iteration", "losses", "start", "order")}
        if "iteration" in self.program.inputs and self.program.values[self.program.inputs["iteration"]].kind == "size":
            names["iteration"] = "iteration"
        out = [
            f"{names['iterations']} = {self._built('int')}({self.system}.argv[1]) "
            f"if {self._built('len')}({self.system}.argv) > 1 else {self.iterations}",
            f"{names['losses']} = []",
        ]
        wholes, cut = self._batches(names)
        out += wholes
        out.append(f"for {names['iteration']} in {self._built('range')}(1, {names['iterations']} + 1):")
        out += [f"    {line}" for line in cut]
        phase = None
        raws = {s.line: s for s in self.source.statements if isinstance(s, Raw)}
        made = self.program.makers.get(self.program.loss) if self.program.loss is not None else None
        for s in self.program.statements:
            if s.phase != phase:
                phase = s.phase
                out.append(f"    # {phase}")
            out.append("    " + self._line(raws[s.line]) + _remark(raws[s.line]))
            if made is not None and s.first <= made < s.last:
                out.append(f"    {names['losses']}.append({self._built('float')}(np.squeeze({s.target})))")
        if made is not None:
            out.append(f"    {self._built('print')}({names['iteration']}, {names['losses']}[-1])")
        if len(out) and out[-1].startswith("for "):
            out.append("    pass")
        return out

    def _line(self, raw: Raw) -> str:
        if raw.mask is not None:
            return f"{raw.target}[{ast.unparse(self.qualify.visit(raw.mask))}] = {self._expression(raw)}"
        if raw.augment is not None:
            sign = ast.unparse(ast.BinOp(ast.Name("a"), raw.augment, ast.Name("b")))[2:-2]
            return f"{raw.target} {sign}= {self._expression(raw)}"
        return f"{raw.target} = {self._expression(raw)}"

    def _batches(self, names: dict[str, str]) -> tuple[list[str], list[str]]:
        b = self.program.batching
        changed = {s.target for s in self.program.statements}
        used = [n for n in b.sliced if n in self.program.inputs and (b.batch is not None or b.shuffle or n in changed)]
        wholes = {n: self._fresh(f"{n}_all") for n in used}
        before = [f"{whole} = {name}" for name, whole in wholes.items()]
        inside: list[str] = []
        cut = b.batch is not None or b.shuffle
        if cut and used:
            i = names["iteration"]
            inside.append(f"{names['start']} = ({i} - 1) % {b.per_epoch} * {b.size}")
            if b.shuffle:
                inside.append(f"if {names['start']} == 0:")
                draw = f"np.random.Generator(np.random.PCG64([{b.seed}, ({i} - 1) // {b.per_epoch} + 1])).permutation({b.total})"
                inside.append(f"    {names['order']} = {draw}")
        for name, whole in wholes.items():
            inside.append(f"{name} = {self._cut(name, whole, b, names) if cut else whole}")
        for size in ("m", "batch_size"):
            if size in self.program.inputs and self.program.values[self.program.inputs[size]].kind == "size":
                inside.append(f"{size} = {self._size(b)}")
        return before, inside

    def _cut(self, name: str, whole: str, b: Batching, names: dict[str, str]) -> str:
        value: Any = self.program.given_named(name).value
        axis = b.axis % value.ndim
        part = f"{names['start']} : {names['start']} + {b.size}"
        if b.shuffle:
            return f"np.take({whole}, {names['order']}[{part}], axis={axis})"
        return f"{whole}[{':, ' * axis}{part}]"

    def _size(self, b: Batching) -> str:
        known = [n for n in b.sliced if n in self.program.inputs]
        return f"{known[0]}.shape[{b.axis}]" if known else str(b.size)


def _has_large_values(program: Program) -> bool:
    """Tell whether any array of an iteration is large enough for NumPy to reuse the memory of its operands."""
    facts = infer(program, first_facts(program)).facts
    sizes = [
        math.prod(d for d in f.shape if isinstance(d, int)) * f.dtype.itemsize
        for f in facts
        if f is not None and not isinstance(f.dtype, type)
    ]
    return max(sizes, default=0) >= ELIDED


class _Qualify(ast.NodeTransformer):
    """Puts `np.` before NumPy's functions and collects those that are ours."""

    def __init__(self, definitions: set[str], taken: set[str], context: dict[str, Any]) -> None:
        self.definitions, self.taken, self.context = definitions, taken, context
        self.helpers: dict[str, Any] = {}
        self.hold: Callable[[str], str] | None = None
        self.held = 1

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Name the parts of a compound expression where arrays are large.

        NumPy writes a sum or product of at least 256 KiB into an operand that nobody else holds; the result then has
        that operand's memory layout, and later products other last bits than the same operations one by one.
        """
        sides = [self.visit(side) for side in (node.left, node.right)]
        if self.hold is not None:
            for n, side in enumerate(sides):
                if isinstance(side, (ast.BinOp, ast.UnaryOp, ast.Call)):
                    sides[n] = ast.NamedExpr(ast.Name(self.hold(f"part_{self.held}")), side)
                    self.held += 1
        return ast.BinOp(sides[0], node.op, sides[1])

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("np", node.ctx) if node.id == "numpy" else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        arguments = [self.visit(a) for a in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        f = node.func
        if isinstance(f, ast.Name):
            if f.id in self.definitions or f.id in ("len", "float", "int"):
                return ast.Call(f, arguments, keywords)
            return self._function(f.id, f, arguments, keywords)
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id in ("np", "numpy"):
            return self._function(f.attr, ast.Attribute(ast.Name("np"), f.attr), arguments, keywords)
        if isinstance(f, ast.Attribute) and f.attr in METHODS and f.attr in ("copy", "astype"):
            return self._function(f.attr, f, [self.visit(f.value), *arguments], keywords)
        return ast.Call(self.visit(f), arguments, keywords)

    def _function(self, name: str, written: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.AST:
        op = ops.named(name)
        if op is not None:
            return self._operation(op, name, arguments, keywords)
        if name in datasets.FUNCTIONS:
            return ast.Call(ast.Name(self._helper(datasets.FUNCTIONS[name])), arguments, keywords)
        if isinstance(written, ast.Name) and name in _RANDOM:
            written = ast.Attribute(ast.Attribute(ast.Name("np"), "random"), name)
        elif isinstance(written, ast.Name) and name in _CREATORS:
            written = ast.Attribute(ast.Name("np"), name)
        return ast.Call(written, arguments, keywords)

    def _operation(self, op: Op, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.AST:
        if op.form in ("infix", "prefix"):
            return ast.Call(ast.Attribute(ast.Name("np"), name), arguments, keywords)
        if op.numpy is not None:
            return ast.Call(python_tree(op.numpy, "eval").body, arguments, keywords)
        if op.name == "unslice" and len(arguments) > 1 and isinstance(arguments[1], ast.Subscript):
            index = _index(arguments[1].slice)
            arguments = [arguments[0], arguments[1].value, python_tree(repr(index), "eval").body]
        own = op.arity - len(op.implicit)
        typed = {k.arg for k in keywords} | set(list(op.attributes)[: max(0, len(arguments) - own)])
        for key, what in op.context.items():
            if key not in typed:
                keywords = [*keywords, ast.keyword(key, python_tree(repr(self.context[what]), "eval").body)]
        arguments = [*arguments[:own], *map(ast.Name, op.implicit), *arguments[own:]]
        return ast.Call(ast.Name(self._helper(op.forward)), arguments, keywords)

    def _helper(self, function: Any) -> str:
        name = function.__name__
        while name in self.taken or name in self.definitions:
            name += "_"
        self.helpers[name] = function
        return name


def _remark(raw: Raw) -> str:
    """Return the comment at the end of a line, such as the one on a function that was chosen."""
    if raw.line != raw.end_line or "#" not in raw.text:
        return ""
    comments = [t.string for t in tokenize.generate_tokens(io.StringIO(raw.text).readline) if t.type == tokenize.COMMENT]
    return f"  {comments[0]}" if comments and comments[0].isprintable() else ""


def _lies_in_a_file(node: ast.expr) -> bool:
    """Tell whether an expression reads a data set or a file, which a plain script has to carry along."""
    return any(isinstance(n, ast.Call) and ast.unparse(n.func) in given.FILE_FUNCTIONS for n in ast.walk(node))


def _index(node: ast.expr) -> tuple[Any, ...]:
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(
        tuple(None if e is None else ast.literal_eval(e) for e in (i.lower, i.upper, i.step))
        if isinstance(i, ast.Slice)
        else (None if isinstance(i, ast.Attribute) else ast.literal_eval(i))
        for i in items
    )


def ops_called(source: Any) -> set[str]:
    """Return the names that a program only ever calls, which are not variables of it."""
    called: set[str] = set()
    read: set[str] = {s.target for s in source.statements if isinstance(s, Raw)}
    for s in source.statements:
        functions = {id(n.func): n.func.id for n in ast.walk(s.value) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        called |= set(functions.values())
        read |= {n.id for n in ast.walk(s.value) if isinstance(n, ast.Name) and id(n) not in functions}
    return called - read


def _renamed(text: str, old: str, new: str) -> str:
    return text.replace(f"def {old}(", f"def {new}(", 1)


def _plain(title: str) -> str:
    """Return a title that cannot end the docstring it stands in."""
    return "".join(c if c.isprintable() and c not in '"\\' else " " for c in title)
