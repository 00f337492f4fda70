"""What does the update do? Old, step and new of every parameter, and the loss before and after on the same samples."""

from __future__ import annotations

import math
import operator

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.session import Moment
from core.update import Change, LossChange, arithmetic, changes, loss_change, sentence
from stepper import theme
from stepper.models.mark_signs import ink, loud, sentences
from stepper.widgets import page
from stepper.widgets.names import shown
from stepper.widgets.numbers import full, short, size_text
from stepper.widgets.page import Page

_GOOD, _BAD = ("agrees", "less", "more"), ("rises", "uphill", "not finite")
MOST_DECIMALS, LARGE = 10, 1e6


class UpdateView(QWidget):
    """Tells of the update of the iteration that is looked at. A link selects the parameter's cell that it names."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What the update does"))
        self.page = Page(self.tr("What the update does, in numbers"), self)
        self.page.link_clicked.connect(self._on_link)
        self.setFocusProxy(self.page)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        page.panel(self)

    def sizeHint(self) -> QSize:
        return QSize(380, 360)

    def draw(self, moment: Moment) -> None:
        """Show the update of this iteration, as far as it is done."""
        every = changes(moment.program, moment.machine, moment.k)
        if not every:
            text = self.tr("This program updates no parameter. Write lines under # update, such as W1 = W1 - lr * dW1.")
            self.page.show_page([page.words(text)])
            return
        if moment.stale:
            self.page.show_page([*self._title(moment), page.words(self._out_of_date(), theme.current().error)])
            return
        found = loss_change(moment.program, moment.machine, moment.k)
        blocks = self._loss(moment, every, found)
        for change in every:
            blocks += self._parameter(moment, change)
        self.page.show_page(blocks, moment.title)

    # --- the loss -------------------------------------------------------------------------------

    def _loss(self, moment: Moment, every: tuple[Change, ...], found: LossChange | None) -> list[str]:
        program, t = moment.program, theme.current()
        blocks = self._title(moment)
        waiting = [c.name for c in every if c.new is None]
        if waiting:
            if len(waiting) == len(every):
                blocks.append(page.words(self.tr("No parameter is updated yet in this iteration. Below is what stands now.")))
            else:
                text = self.tr("Not updated yet: {names}. The rest is done.")
                blocks.append(page.words(text.format(names=", ".join(waiting))))
            if moment.fault is not None and program.phase_of(moment.fault.instruction) != "predict":
                text = self.tr("✗ A line before the update cannot run, so there is no update: {message}")
                blocks.append(page.words(text.format(message=moment.fault.message), t.error))
            elif program.loss is not None:
                text = self.tr("Once all are updated, {loss} is computed again with the new numbers, on the same samples.")
                blocks.append(page.words(text.format(loss=shown(program, program.loss))))
            return blocks
        if found is None or program.loss is None:
            blocks.append(page.words(self.tr("There is no loss here, so nothing can be said of whether the step helps.")))
            return blocks
        loss = shown(program, program.loss)
        blocks.append(page.words(self._on_what(moment)))
        rows = [(self.tr("{loss} before").format(loss=loss), *self._pair(found)[:1])]
        if found.after is not None:
            before, after = self._pair(found)
            rows = [(self.tr("{loss} before").format(loss=loss), before), (self.tr("{loss} after").format(loss=loss), after)]
        if found.predicted is not None:
            rows.append((self.tr("change predicted by the slope"), short(found.predicted)))
        if found.actual is not None:
            rows.append((self.tr("change in fact"), short(found.actual)))
        blocks.append(page.table(rows))
        sign, colour = ("✓ ", t.phases["update"]) if found.verdict in _GOOD else ("", t.text)
        if found.verdict in _BAD:
            sign, colour = "⚠ ", t.error
        blocks.append(page.words(sign + sentence(found, loss), colour))
        blocks += self._about_the_slope(found)
        return blocks

    def _title(self, moment: Moment) -> list[str]:
        title = self.tr("{sign} update · iteration {n}").format(sign=theme.PHASE_SIGN["update"], n=moment.position.iteration)
        return [page.words(title, theme.current().phases["update"], bold=True)]

    def _out_of_date(self) -> str:
        return self.tr(
            "⚠ A number was changed by hand, so what was computed of this iteration is out of date. "
            "Recompute it, or step on, to see what the update does now."
        )

    def _on_what(self, moment: Moment) -> str:
        n = len(moment.samples)
        if n == 1:
            return self.tr("The loss on the same one sample, with the old and with the new parameters:")
        return self.tr("The loss on the same {n} samples, with the old and with the new parameters:").format(n=n)

    def _pair(self, found: LossChange) -> tuple[str, str]:
        """Write the two losses with as many decimals as it takes to tell them apart."""
        a, b = found.before, found.before if found.after is None else found.after
        if a == b or not (math.isfinite(a) and math.isfinite(b)):
            return short(a), short(b)
        for decimals in range(4, MOST_DECIMALS):
            if f"{a:.{decimals}f}" != f"{b:.{decimals}f}" and abs(a) < LARGE and abs(b) < LARGE:
                return _fixed(a, decimals + 1), _fixed(b, decimals + 1)
        return full(a), full(b)

    def _about_the_slope(self, found: LossChange) -> list[str]:
        if found.predicted is None or not math.isfinite(found.predicted):
            return []
        text = self.tr("Predicted: each cell's slope times its change, all added up.")
        blocks = [page.words(text, theme.current().dim)]
        if found.misled and found.own is not None:
            text = self.tr(
                "⚠ What the update takes for gradients would have predicted {own}: that is not the slope of this loss."
            ).format(own=short(found.own))
            blocks.append(page.words(text, theme.current().error))
        return blocks

    # --- one parameter --------------------------------------------------------------------------

    def _parameter(self, moment: Moment, change: Change) -> list[str]:
        program = moment.program
        cell, chosen = self._cell(moment, change)
        name = change.name + (f"[{', '.join(map(str, cell))}]" if cell else "")
        value = change.end if change.new is not None else change.start
        target = f"{value}/{','.join(map(str, cell or ()))}"
        blocks = [page.rule(), page.line_of(page.inline_code(change.name, bold=True), page.small(size_text(change.old.shape)))]
        blocks += [page.code(s.text) for s in change.lines]
        values = [v for v in (change.start, change.end, program.gradients.get(change.name)) if v is not None]
        for mark in loud([m for v in values for m in moment.marks(v)]):
            blocks.append(page.words(sentences((mark,))[0], ink(mark.severity)))
        if cell is None and change.old.ndim:
            return blocks
        by = change.by(cell or ())
        reason = self.tr("the cell that is selected") if chosen else self.tr("the cell that changes most")
        if not chosen and by is not None and math.isnan(by):
            reason = self.tr("the first cell that is NaN")
        if change.new is None:
            now = short(change.old[cell or ()])
            text = (
                self.tr("waits for {names}").format(names=", ".join(shown(program, v) for v in change.waits_for))
                if change.waits_for
                else ""
            )
            if not change.waits_for:
                text = self.tr("not updated yet")
            blocks.append(page.line_of(page.link(target, name), page.inline_code(f"= {now}"), page.small(f"· {text}")))
            return blocks
        if change.old.size > 1:
            blocks.append(page.line_of(page.link(target, name), page.small(reason)))
        else:
            blocks.append(page.line_of(page.link(target, name)))
        for s in change.lines:
            text = arithmetic(program, moment.machine, s, cell or ())
            if text is not None:
                blocks.append(page.code(text))
        blocks.append(self._step(change, cell or ()))
        return blocks

    def _step(self, change: Change, cell: tuple[int, ...]) -> str:
        by = change.by(cell)
        if by is None and change.new is not None:
            shapes = f"{size_text(change.old.shape)} → {size_text(change.new.shape)}"
            return page.table([(self.tr("⚠ this changes the shape"), shapes)])
        rows = [(self.tr("this cell changes by"), short(by))]
        if change.share is not None:
            text = short(change.share)
            if math.isfinite(change.share):
                text = self.tr("{percent} % of its size").format(percent=short(100 * change.share, 3))
            rows.append((self.tr("all of {name} changes by").format(name=change.name), text))
        return page.table(rows)

    def _cell(self, moment: Moment, change: Change) -> tuple[tuple[int, ...] | None, bool]:
        """Return the cell to show: the selected one of the parameter or of its gradient, else that which changes most."""
        chosen = moment.selection
        of_it = {change.start, change.end, moment.program.gradients.get(change.name, -1)}
        cell, shape = chosen.cell, change.old.shape
        if cell is not None and chosen.value in of_it and len(cell) == len(shape) and all(map(operator.lt, cell, shape)):
            return cell, True
        if change.largest is not None:
            return change.largest, False
        return ((0,) * change.old.ndim if change.old.size else None), False

    @Slot(str)
    def _on_link(self, target: str) -> None:
        value, _, cell = target.partition("/")
        self.value_clicked.emit(int(value), tuple(int(c) for c in cell.split(",") if c))


def _fixed(x: float, decimals: int) -> str:
    return f"{x:.{decimals}f}".replace("-", "−")
