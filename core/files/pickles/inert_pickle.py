"""A pickle read as data: a small stack machine that never imports anything and never calls anything.

A pickle is a program for a stack machine (https://docs.python.org/3/library/pickletools.html). Python's own reader imports
the classes that a file names and calls what it says; here a class is a `Named` box, a call is a `Called` box, and both only
remember what was written. Who reads a format looks into the boxes and knows what a few names mean.

Protocols 0 to 5 are read. What a file may cost is bounded by an `Account`: operations, text, nesting.
"""

from __future__ import annotations

import codecs
import pickletools
from collections.abc import Callable

from core.files.pickles.inert_names import PLAIN, RENAMED, acts
from core.files.pickles.inert_source import Account, Source
from core.files.pickles.inert_stack import Damaged, Stack
from core.files.pickles.inert_values import Called, Items, Named, Persistent, Table, Value
from core.files.problem import FileProblem, shown


class Machine(Stack):
    """The stack machine. The functions given let a format say what its own boxes stand for.

    `persistent(pid)` is what stands for a thing kept elsewhere; `follow(box, source)` sees each box that just got its state,
    and returns what stands in its place (joblib writes the numbers of an array right behind its box). `call(box)` does so for
    each box that was just made (PyTorch keeps a file of its own in the arguments of a call).
    """

    def __init__(
        self,
        source: Source,
        account: Account,
        persistent: Callable[[Value], Value] = Persistent,
        follow: Callable[[Called, Source], Value] | None = None,
        call: Callable[[Called], Value] | None = None,
    ) -> None:
        super().__init__(account)
        self._source = source
        self._persistent = persistent
        self._follow = follow
        self._call = call

    def run(self) -> Value:
        """Read one pickle from where the source stands up to its end, and return its value; raises FileProblem."""
        source = self._source
        place = source.tell()
        try:
            while True:
                place = source.tell()
                code = source.read(1)
                if not code:
                    raise FileProblem(
                        f"it is cut short: its pickle stops in the middle, at byte {place}; download or save it again"
                    )
                operation = _OPERATIONS.get(code)
                if operation is None:
                    raise FileProblem(f"its pickle is damaged: byte {place} is no operation of one; download or save it again")
                self._account.operations -= 1
                if self._account.operations < 0:
                    raise FileProblem(
                        "its pickle has more steps than a saved network needs; it is damaged or a trap, save it anew"
                    )
                if operation.name == "STOP":
                    return self._pop()
                self._do(operation, self._argument(operation))
        except Damaged as error:
            raise FileProblem(f"its pickle is damaged at byte {place}: {error}; download or save it again") from None
        except (ValueError, OverflowError):
            # What pickletools says of an argument that it cannot read is for programmers, and may quote the file.
            raise FileProblem(f"its pickle is damaged at byte {place}; download or save it again") from None

    # ---- one operation

    def _argument(self, operation: pickletools.OpcodeInfo) -> Value:
        if operation.name in _LENGTHS:
            raw = self._source.read(_LENGTHS[operation.name])
            if len(raw) < _LENGTHS[operation.name]:
                raise Damaged("the length of the bytes that follow is cut off")
            return self._source.skip(int.from_bytes(raw, "little"))
        if operation.name == "STRING":
            return _quoted(self._source.readline())
        if operation.name in ("GLOBAL", "INST"):
            return f"{self._line()} {self._line()}"
        if operation.name == "PERSID":
            return self._line()
        if operation.arg is None:
            return None
        # The readers of pickletools ask for `read` and `readline` only.
        return operation.arg.reader(self._source)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def _line(self) -> str:
        """Return a line as Python's own reader takes it; pickletools would resolve escapes in it, and warn of wrong ones."""
        line = self._source.readline()
        if not line.endswith(b"\n"):
            raise Damaged("a name without an end")
        return line[:-1].decode("utf-8")

    def _do(self, operation: pickletools.OpcodeInfo, argument: Value) -> None:
        name = operation.name
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            if isinstance(argument, int) and argument.bit_length() > self._account.integer_bits:
                digits = int(argument.bit_length() * 0.30103) + 1
                raise FileProblem(
                    f"its pickle holds a whole number of about {digits} digits; no saved network needs one; save it anew"
                )
            self._stack.append(argument)
        elif name not in ("PROTO", "FRAME"):
            _HANDLERS[name](self, argument)

    # ---- names and calls: remembered, not done

    def name(self, argument: Value) -> None:
        assert isinstance(argument, str)
        # The two lines are joined by a blank.
        module, _, last = argument.rpartition(" ")
        self._stack.append(self._named(module, last))

    def name_of_stack(self, _: Value) -> None:
        last, module = self._pop(), self._pop()
        if not isinstance(last, str) or not isinstance(module, str):
            raise Damaged("it names something by what is not text")
        self._stack.append(self._named(module, last))

    def extension(self, argument: Value) -> None:
        assert isinstance(argument, int)
        self._stack.append(self._named("copyreg", f"extension_{argument}"))

    def _named(self, module: str, last: str) -> Named:
        module = RENAMED.get(module, module)
        if len(module) + len(last) > 1000:
            raise FileProblem("its pickle names a class by more than 1000 characters; it is damaged or a trap, save it anew")
        name = f"{module}.{last}"
        if acts(name):
            raise FileProblem(
                f"it is a trap: opened with pickle, joblib or torch.load it would use {shown(name)} of Python; "
                "nothing was run here, delete it"
            )
        self._account.names[name] = None
        return Named(name)

    def inst(self, argument: Value) -> None:
        args = self._to_mark()
        self.name(argument)
        self._make(self._pop(), args)

    def obj(self, _: Value) -> None:
        args = self._to_mark()
        if not args:
            raise Damaged("it makes an object of no class")
        self._make(args[0], args[1:])

    def new_object(self, _: Value) -> None:
        args = self._pop()
        self._make(self._pop(), self._arguments(args))

    def new_object_with_keywords(self, _: Value) -> None:
        keywords, args = self._pop(), self._pop()
        self._make(self._pop(), self._arguments(args), keywords)

    def reduce(self, _: Value) -> None:
        args = self._arguments(self._pop())
        function = self._pop()
        plain = PLAIN.get(function.name) if isinstance(function, Named) else None
        made = plain(args, self._source) if plain else NotImplemented
        if made is NotImplemented:
            self._make(function, args)
        else:
            self._stack.append(made)  # pyright: ignore[reportArgumentType]
            self._deeper(self._top())

    def _arguments(self, args: Value) -> list[Value]:
        if not isinstance(args, Items) or args.kind != "tuple":
            raise Damaged("it calls something with what is not a tuple")
        return args.values

    def _make(self, function: Value, args: list[Value], keywords: Value = None) -> None:
        if isinstance(function, Named):
            name = function.name
        elif isinstance(function, Called):
            # The result of a call is called: the name says so.
            name = function.name[:200] + "()"
        else:
            raise Damaged("it calls something that is not a class or a function")
        if name == "copyreg._reconstructor" and args and isinstance(args[0], Named):
            # How protocols 0 and 1 make an object without calling its class: the class alone counts.
            name, args = args[0].name, []
        self._account.called[name] = None
        depth = self._deeper(*args, keywords)
        box = Called(name, Items("tuple", args, depth), keywords, depth=depth)
        self._stack.append(self._call(box) if self._call else box)

    def build(self, _: Value) -> None:
        state = self._pop()
        target = self._top()
        if isinstance(target, (Called, Table)):
            target.state = state
            target.depth = max(target.depth, self._deeper(state))
        elif not isinstance(target, (Named, Persistent)):
            raise Damaged("it gives a state to what can have none")
        if self._follow and isinstance(target, Called):
            self._stack[-1] = self._follow(target, self._source)

    def persistent_text(self, argument: Value) -> None:
        self._stack.append(self._persistent(argument))

    def persistent(self, _: Value) -> None:
        pid = self._pop()
        self._deeper(pid)
        self._stack.append(self._persistent(pid))

    def outside(self, _: Value) -> None:
        raise FileProblem("its pickle keeps its numbers outside the file (out-of-band buffers); save the network into one file")

    def nothing(self, _: Value) -> None:
        self._top()


def _quoted(line: bytes) -> str:
    """Return the text of a quoted line of protocol 0; bytes above 127 (Python 2 writes numbers so) are kept as Latin-1."""
    if not line.endswith(b"\n"):
        raise Damaged("a text without an end")
    bare = line.strip()
    if len(bare) < 2 or bare[:1] not in b"'\"" or bare[-1:] != bare[:1]:
        raise Damaged("a text without quotes")
    return codecs.escape_decode(bare[1:-1])[0].decode("latin-1")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]


_OPERATIONS = {o.code.encode("latin-1"): o for o in pickletools.opcodes}
_CONSTANTS: dict[str, Value] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = frozenset(
    """INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT""".split()  # noqa: SIM905
)
# Bytes are not read but passed over: the numbers of a network stay in the file until someone looks at them.
_LENGTHS = {"SHORT_BINBYTES": 1, "BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8}
_HANDLERS: dict[str, Callable[[Machine, Value], None]] = {
    "MARK": Machine.mark,
    "POP": Machine.pop,
    "POP_MARK": Machine.pop_mark,
    "DUP": Machine.dup,
    "PUT": Machine.put,
    "BINPUT": Machine.put,
    "LONG_BINPUT": Machine.put,
    "MEMOIZE": Machine.memoize,
    "GET": Machine.get,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "EMPTY_LIST": Machine.empty_list,
    "LIST": Machine.list_,
    "APPEND": Machine.append,
    "APPENDS": Machine.appends,
    "EMPTY_TUPLE": Machine.empty_tuple,
    "TUPLE": Machine.tuple_,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "EMPTY_SET": Machine.empty_set,
    "ADDITEMS": Machine.add_items,
    "FROZENSET": Machine.frozen_set,
    "EMPTY_DICT": Machine.empty_dict,
    "DICT": Machine.dict_,
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_items,
    "GLOBAL": Machine.name,
    "STACK_GLOBAL": Machine.name_of_stack,
    "EXT1": Machine.extension,
    "EXT2": Machine.extension,
    "EXT4": Machine.extension,
    "INST": Machine.inst,
    "OBJ": Machine.obj,
    "NEWOBJ": Machine.new_object,
    "NEWOBJ_EX": Machine.new_object_with_keywords,
    "REDUCE": Machine.reduce,
    "BUILD": Machine.build,
    "PERSID": Machine.persistent_text,
    "BINPERSID": Machine.persistent,
    "NEXT_BUFFER": Machine.outside,
    "READONLY_BUFFER": Machine.nothing,
}
