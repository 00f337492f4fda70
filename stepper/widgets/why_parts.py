"""How a number came about, in tables: upstream × local, the terms of a sum, the operands, what each sample adds."""

from __future__ import annotations

from core.explain.moving import index_text
from core.explain.reasons import Reason
from core.explain.sample_shares import by_sample, shares
from core.gradient_parts import Chain, GradientParts
from core.session import Moment
from stepper.widgets.why_stack import Stack
from stepper.widgets.why_terms import operand_rows, sample_rows, term_rows, way_rows

MOST_WAYS = 4


class PartsStack(Stack):
    """Shows of a number what says something new: a product that stands in one table is not said again in another."""

    def draw(self, moment: Moment, found: Reason, chain: Chain, axes: dict[int, int], most: int) -> str:
        """Show how a number was made; returns a sentence on upstream and local, empty if it is not a known adjoint.

        Long tables show the `most` largest; `axes` are the sample axes of the values.
        """
        program, sample, total = moment.program, moment.selection.sample, found.sum
        parts = chain.parts(found.value, found.cell, moment.value, axes, moment.samples, most)
        words = "" if parts is None else self._draw_ways(moment, parts)
        only = parts.ways[0].sum if parts is not None and len(parts.ways) == 1 else None
        sampled = parts is not None and any(way.sum.by_sample for way in parts.ways)
        if total is not None and (only is None or only.count != total.count):
            sampled = sampled or total.by_sample
            heading = self.tr("Its {n} terms, the largest first") if total.count > 1 else self.tr("Its one term")
            self.show_table(heading.format(n=total.count), *term_rows(program, total, sample))
        elif total is None and found.operands:
            self.show_table(self.tr("Made of"), *operand_rows(found))
        phase = None if found.instruction is None else program.phase_of(found.instruction.index)
        if phase in ("loss", "backward") and not sampled:
            share = shares(program, found.value, found.cell, moment.value, axes)
            if share is not None:
                heading = self.tr("What each of the {n} samples adds").format(n=share.numbers.size)
                self.show_table(heading, *sample_rows(by_sample(share, moment.samples, most), sample))
        return words

    def _draw_ways(self, moment: Moment, parts: GradientParts) -> str:
        program = moment.program
        of = index_text(program.values[parts.of].label, parts.cell)
        loss = "L" if program.loss is None else program.values[program.loss].label
        for way in parts.ways[:MOST_WAYS]:
            through = program.values[way.forward.result].label
            heading = self.tr("How {loss} feels {number}, through  {line}").format(loss=loss, number=of, line=way.forward.text)
            tip = self.tr(
                "upstream: how {loss} changes as {through} does\nlocal: how {through} changes as {number} does\n"
                "Their product, added up over all cells that {number} goes into, is how {loss} changes as {number} does."
            ).format(loss=loss, through=through, number=of)
            self.show_table(heading, *way_rows(program, way, moment.selection.sample), tip=tip)
        through = program.values[parts.ways[0].forward.result].label
        words = self.tr("upstream: how {loss} changes as {through} does · local: how {through} changes as {number} does")
        return words.format(loss=loss, through=through, number=of)
