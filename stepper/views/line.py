"""What does this line mean? Formula, derivative, the reason for its shape, its cost, and whom it serves."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.costs import Cost, cost, total
from core.explain.line import Line, Part, line
from core.frames import call_text, local_text
from core.program.ir import Instruction, Phase, Statement
from core.session import Moment
from stepper import theme
from stepper.widgets import page
from stepper.widgets.names import shown
from stepper.widgets.page import Page

LIT = "lit"


class LineView(QWidget):
    """Explains the line just executed; before the first one, the line to come. A link selects the result of its line."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What this line means"))
        self.page = Page(self.tr("What this line means, in words"), self)
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
        """Explain the line of the operation just executed; where a line fails, that line."""
        fails = moment.fault is not None and moment.k == moment.fault.instruction and not moment.quiet
        failing = moment.upcoming if fails else None
        at = failing or moment.lit or moment.upcoming
        if at is None:
            self.page.show_page([page.words(self.tr("This program has no lines to explain yet."))])
            return
        found = line(moment.program, at.statement, moment.shape)
        blocks = self._head(moment, found, failing is not None)
        costs = [cost(p.instruction, moment.program, moment.machine.layout) for p in found.parts]
        many = len(found.parts) > 1
        for n, (part, price) in enumerate(zip(found.parts, costs, strict=True), 1):
            blocks += self._part(moment, part, price, n if many else 0, len(found.parts))
        blocks += self._purpose(moment, found, [c for c in costs if c is not None])
        inside = moment.lit is not None and found.statement.first < moment.lit.index + 1 < found.statement.last
        self.page.show_page(blocks, (found.statement.index, moment.k if inside else None), LIT if inside else "")

    def _head(self, moment: Moment, found: Line, failing: bool) -> list[str]:
        s, t = found.statement, theme.current()
        phase = f"{theme.PHASE_SIGN[s.phase]} {self._phase_name(s.phase)}"
        done = self.tr("not run yet") if moment.lit is None else ""
        where = self.tr("line {n}").format(n=s.line)
        title = " · ".join(x for x in (phase, where, done) if x)
        blocks = [page.words(title, t.phases[s.phase], bold=True), page.code(s.text, bold=True, large=True)]
        if failing and moment.fault is not None:
            blocks.append(page.words(self.tr("✗ This line cannot run: {message}").format(message=moment.fault.message), t.error))
        forward = found.adjoint_of
        if forward is not None:
            blocks.append(page.words(self.tr("It goes back through this line:")))
            blocks.append(self._link(moment, forward))
            if found.rules:
                word = self.tr("The rule, with g for what arrives at {name}:").format(name=forward.target)
                blocks += [page.labelled(word, found.rules[0]), *(page.words(r) for r in found.rules[1:])]
        return blocks

    def _part(self, moment: Moment, part: Part, price: Cost | None, n: int, count: int) -> list[str]:
        title = part.title
        if n:
            sign = self._sign(moment, part.instruction)
            title = self.tr("{sign} operation {n} of {count}: {title}").format(sign=sign, n=n, count=count, title=title)
        else:
            title = title[:1].upper() + title[1:]
        lit = moment.lit is not None and part.instruction.index == moment.lit.index
        blocks = [page.rule(), page.heading(title, name=LIT if lit else ""), page.code(part.shapes), page.words(part.sentence)]
        if part.instruction.frames:
            calls, own = call_text(moment.program, part.instruction), local_text(moment.program, part.instruction)
            words = self.tr("{calls}, where it reads: {line}").format(calls=calls, line=own)
            blocks.append(page.labelled(self.tr("In your function:"), words))
        if part.formula:
            blocks.append(page.labelled(self.tr("Formula:"), part.formula))
        if part.derivative:
            blocks.append(page.labelled(self.tr("Going back, when g arrives:"), part.derivative))
        blocks.append(page.labelled(self.tr("Shape:"), part.reason))
        if price is not None:
            blocks.append(page.labelled(self.tr("Cost:"), price.work))
            blocks.append(page.labelled(self.tr("Memory:"), price.memory))
        return blocks

    def _sign(self, moment: Moment, instruction: Instruction) -> str:
        """Mark where time stands within the line: done, just done, still to come."""
        if moment.lit is not None and instruction.index == moment.lit.index:
            return "▶"
        return "✓" if instruction.index < moment.k else "○"

    def _purpose(self, moment: Moment, found: Line, costs: list[Cost]) -> list[str]:
        blocks = [page.rule()]
        if len(costs) > 1:
            blocks.append(page.labelled(self.tr("The whole line:"), total(costs)))
        name = found.statement.target
        if found.readers:
            result = moment.program.instructions[found.statement.last - 1].result
            name = name if found.carried else shown(moment.program, result)
            blocks.append(page.words(self.tr("Who reads {name} next:").format(name=name)))
            blocks += [self._link(moment, s) for s in found.readers]
        elif found.carried is None:
            loss = moment.program.loss
            is_loss = loss is not None and moment.program.makers.get(loss) == found.statement.last - 1
            word = self.tr("No line reads {name}: it is the loss, the number that training makes smaller.")
            if not is_loss:
                word = self.tr("No later line of this iteration reads {name}.")
            blocks.append(page.words(word.format(name=name)))
        if found.carried is not None:
            blocks.append(page.words(self.tr("The next iteration starts from this {name}.").format(name=found.carried)))
        return blocks

    def _link(self, moment: Moment, statement: Statement) -> str:
        number = self.tr("line {n}").format(n=statement.line)
        sign = theme.PHASE_SIGN[statement.phase]
        result = moment.program.instructions[statement.last - 1].result
        return page.line_of(page.small(sign), page.link(str(result), statement.text), page.small(number))

    @Slot(str)
    def _on_link(self, target: str) -> None:
        self.value_clicked.emit(int(target), None)

    def _phase_name(self, phase: Phase) -> str:
        return {
            "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
            "update": self.tr("update"), "predict": self.tr("predict"),
        }[phase]  # fmt: skip
