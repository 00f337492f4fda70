"""Rows that explain a number: the terms of a sum, upstream × local, the share of each sample, the numbers it was made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from core.explain.reasons import Factor, Notable, Reason, Sum, Term
from core.gradient_parts import Way
from core.program.ir import Array, Program
from stepper.models.why_rows import Entry, WhyRow
from stepper.widgets.names import shown

translate = QCoreApplication.translate


def term_rows(program: Program, found: Sum, sample: int | None) -> tuple[list[str], list[WhyRow]]:
    """Return the terms of a sum, a column for each factor; one that only adds itself up needs no second column."""
    firsts = found.terms[0].factors if found.terms else ()
    alone = len(firsts) == 1 and all(_is(t.factors[0].number, t.number) for t in found.terms)
    heads = [_named(program, f) for f in firsts]
    if alone:
        return _rows([], heads, found, sample, alone=True)
    return _rows(heads, [translate("Why", "adds")], found, sample)


def way_rows(program: Program, way: Way, sample: int | None) -> tuple[list[str], list[WhyRow]]:
    """Return upstream × local for one way from a value to the loss."""
    return _rows([translate("Why", "upstream"), translate("Why", "local")], [translate("Why", "product")], way.sum, sample)


def sample_rows(found: Sum, sample: int | None) -> tuple[list[str], list[WhyRow]]:
    """Return what each sample adds."""
    return _rows([], [translate("Why", "adds")], found, sample)


def operand_rows(reason: Reason) -> tuple[list[str], list[WhyRow]]:
    """Return the numbers that a number was made of, each a link to why it is what it is."""
    rows = [WhyRow((Entry(factor=f),)) for f in reason.operands]
    used = sum(len(cells) for cells in reason.sources)
    left = used - sum(1 for f in reason.operands if f.value is not None)
    if left > 0:
        rows.append(WhyRow((Entry(words=translate("Why", "and {n} more numbers").format(n=left)),)))
    return [""], rows


def notable_rows(label: str, value: int, array: Array, found: Sequence[tuple[Notable, tuple[int, ...]]]) -> list[WhyRow]:
    """Return cells worth asking of, as links."""
    names = {
        "nan": translate("Why", "not a number"), "infinite": translate("Why", "infinite"),
        "largest": translate("Why", "furthest from 0"), "smallest": translate("Why", "nearest to 0"),
    }  # fmt: skip
    rows: list[WhyRow] = []
    for kind, cell in found:
        factor = Factor(f"{label}[{', '.join(str(i) for i in cell)}]" if cell else label, array[cell], value, cell)
        rows.append(WhyRow((Entry(words=names[kind]), Entry(factor=factor))))
    return rows


def _rows(
    heads: list[str], last: list[str], found: Sum, sample: int | None, alone: bool = False
) -> tuple[list[str], list[WhyRow]]:  # fmt: skip
    """Lay out a sum: its samples if terms belong to any, its factors, what each adds with a bar, and the rest in one row."""
    sampled = any(t.sample is not None for t in found.terms)
    largest = _largest([t.number for t in found.terms])
    rows: list[WhyRow] = []
    for t in found.terms:
        current = t.sample is not None and t.sample == sample
        rows.append(WhyRow(_fields(t, sampled, largest, alone, bool(heads), current), t.sample, current))
    if found.others:
        words = translate("Why", "and {n} more").format(n=found.others)
        width = sampled + len(heads) + len(last)
        fields = [Entry(words=words)] + [Entry()] * (width - 2)
        adds = Entry(number=found.rest, share=_share(found.rest, largest))
        if width == 1:
            fields, adds = [], Entry(words=words, number=found.rest, share=_share(found.rest, largest))
        rows.append(WhyRow((*fields, adds), more=True))
    return [*([translate("Why", "sample")] if sampled else []), *heads, *last], rows


def _fields(term: Term, sampled: bool, largest: float, alone: bool, factors: bool, current: bool) -> tuple[Entry, ...]:
    fields: list[Entry] = []
    if sampled:
        fields.append(
            Entry(words=translate("Why", "none") if term.sample is None else ("▸ " if current else "") + str(term.sample + 1))
        )
    share = _share(term.number, largest)
    if alone:
        return (*fields, Entry(factor=term.factors[0], share=share))
    if factors:
        fields += [Entry(factor=f) for f in term.factors]
    return (*fields, Entry(number=term.number, share=share))


def _named(program: Program, factor: Factor) -> str:
    return factor.name if factor.value is None else shown(program, factor.value)


def _is(a: object, b: float) -> bool:
    number = float(a)  # type: ignore[arg-type]
    return number == b or (math.isnan(number) and math.isnan(b))


def _largest(numbers: list[float]) -> float:
    return max((abs(n) for n in numbers if math.isfinite(n)), default=0.0)


def _share(number: float, largest: float) -> float:
    """Return the length of a bar, beyond 1 for a rest that is larger; what is not finite has none, and its number says so."""
    return number / largest if math.isfinite(number) and largest > 0 else math.nan
