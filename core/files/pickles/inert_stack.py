"""The stack of an inert pickle: its values, its marks, its memo, and the containers that are filled on it."""

from __future__ import annotations

from typing import Literal, NoReturn

from core.files.pickles.inert_source import Account
from core.files.pickles.inert_values import Called, Items, Table, Value, depth_of
from core.files.problem import FileProblem


class Damaged(Exception):
    """An operation that Python's own reader would fail at; the text says why, and quotes nothing of the file."""


class Stack:
    """What the operations of a pickle that name and call nothing do; each takes the operation's argument, or ignores it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._stack: list[Value] = []
        self._below: list[list[Value]] = []
        self._memo: dict[int, Value] = {}

    def _pop(self) -> Value:
        if not self._stack:
            raise Damaged("it takes a value that is not there")
        return self._stack.pop()

    def _top(self) -> Value:
        if not self._stack:
            raise Damaged("it needs a value that is not there")
        return self._stack[-1]

    def _to_mark(self) -> list[Value]:
        if not self._below:
            raise Damaged("it goes back to a mark that was not set")
        items = self._stack
        self._stack = self._below.pop()
        return items

    def _deeper(self, *values: Value) -> int:
        depth = 1 + max(map(depth_of, values), default=0)
        if depth > self._account.depth:
            self._too_deep()
        return depth

    def _too_deep(self) -> NoReturn:
        raise FileProblem(
            f"its pickle nests things more than {self._account.depth} deep, as no saved network does; "
            "it is damaged or a trap, save it anew"
        )

    # ---- marks, memo, small things

    def mark(self, _: Value) -> None:
        if len(self._below) >= 2 * self._account.depth:
            self._too_deep()
        self._below.append(self._stack)
        self._stack = []

    def pop(self, _: Value) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._to_mark()

    def pop_mark(self, _: Value) -> None:
        self._to_mark()

    def dup(self, _: Value) -> None:
        self._stack.append(self._top())

    def put(self, argument: Value) -> None:
        assert isinstance(argument, int)
        self._memo[argument] = self._top()

    def memoize(self, _: Value) -> None:
        self._memo[len(self._memo)] = self._top()

    def get(self, argument: Value) -> None:
        assert isinstance(argument, int)
        if argument not in self._memo:
            raise Damaged(f"it recalls value {argument if argument < 1 << 64 else '…'}, which was not kept")
        self._stack.append(self._memo[argument])

    # ---- containers

    def empty_list(self, _: Value) -> None:
        self._stack.append(Items("list", []))

    def list_(self, _: Value) -> None:
        values = self._to_mark()
        self._stack.append(Items("list", values, self._deeper(*values)))

    def append(self, _: Value) -> None:
        value = self._pop()
        self._extend([value], "list")

    def appends(self, _: Value) -> None:
        self._extend(self._to_mark(), "list")

    def add_items(self, _: Value) -> None:
        self._extend(self._to_mark(), "set")

    def _extend(self, values: list[Value], kind: Literal["list", "set"]) -> None:
        target = self._top()
        if isinstance(target, Called):
            target.items = target.items or Items(kind, [])
            target.depth = max(target.depth, self._deeper(*values))
            target = target.items
        if not isinstance(target, Items) or target.kind != kind:
            raise Damaged(f"it adds to something that is not a {kind}")
        target.values.extend(values)
        target.depth = max(target.depth, self._deeper(*values))

    def empty_tuple(self, _: Value) -> None:
        self._stack.append(Items("tuple", []))

    def tuple_(self, _: Value) -> None:
        values = self._to_mark()
        self._stack.append(Items("tuple", values, self._deeper(*values)))

    def tuple_of(self, count: int) -> None:
        values = [self._pop() for _ in range(count)][::-1]
        self._stack.append(Items("tuple", values, self._deeper(*values)))

    def empty_set(self, _: Value) -> None:
        self._stack.append(Items("set", []))

    def frozen_set(self, _: Value) -> None:
        values = self._to_mark()
        self._stack.append(Items("set", values, self._deeper(*values)))

    def empty_dict(self, _: Value) -> None:
        self._stack.append(Table())

    def dict_(self, _: Value) -> None:
        values = self._to_mark()
        self._stack.append(Table())
        self._enter(values)

    def set_item(self, _: Value) -> None:
        value = self._pop()
        self._enter([self._pop(), value])

    def set_items(self, _: Value) -> None:
        self._enter(self._to_mark())

    def _enter(self, values: list[Value]) -> None:
        if len(values) % 2:
            raise Damaged("an entry has a key and no value")
        target = self._top()
        if isinstance(target, Called):
            target.entries = target.entries or Table()
            target.depth = max(target.depth, self._deeper(*values))
            target = target.entries
        if not isinstance(target, Table):
            raise Damaged("it sets an entry of something that is not a dictionary")
        for key, value in zip(values[::2], values[1::2], strict=True):
            target.put(key, value)
        target.depth = max(target.depth, self._deeper(*values))
