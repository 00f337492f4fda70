"""The bar above everything: earlier and later, run and stop, the speed, and where we stand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.program.ir import Phase
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.bar_button import BarButton, SpeedSlider
from stepper.widgets.numbers import short, shown_digits

LONGEST_STATUS = "1000 of 1000 done  ← backward  loss 0.12345"
SPEEDS = (1, 2, 5, 10, 30, 0)
MOST_DIGITS = 6


class TopBar(QFrame):
    """Shows a moment's place in time; its buttons are those of the table of actions."""

    speed_changed = Signal(int)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Steps and running"))
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(8, 6, 10, 6)
        self._rows.setSpacing(4)
        self._row = row = QHBoxLayout()
        row.setSpacing(4)
        self._rows.addLayout(row)
        self._narrow = False
        self.start_button = BarButton(actions["start"], self, words=False)
        self.earlier_button = BarButton(actions["operation-earlier"], self)
        self.later_button = BarButton(actions["operation-later"], self, icon_last=True, primary=True)
        self.run_button = BarButton(actions["run"], self)
        row.addWidget(self.start_button)
        row.addSpacing(4)
        row.addWidget(self.earlier_button)
        row.addWidget(self.later_button)
        row.addSpacing(6)
        self.into_button, self.out_button = BarButton(actions["into"], self), BarButton(actions["out"], self)
        row.addWidget(self.into_button)
        row.addWidget(self.out_button)
        row.addSpacing(2)
        for name, words in (("line", self.tr("line")), ("phase", self.tr("phase")), ("iteration", self.tr("iteration"))):
            row.addWidget(self._pair(actions[f"{name}-earlier"], words, actions[f"{name}-later"]))
        row.addSpacing(6)
        row.addWidget(self.run_button)
        self._always = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        self._speed_box = self._speed()
        row.addWidget(self._speed_box)
        row.addStretch(1)
        row.addWidget(self._status())
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the bar is narrow the status goes below, and where it is very narrow the speed goes."""
        super().resizeEvent(event)
        self._share()

    def event(self, event: QEvent) -> bool:
        """Fit again when the texts inside have become bigger or smaller."""
        done = super().event(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.LayoutRequest) and hasattr(self, "_status_box"):
            self.fit()
        return done

    def minimumSizeHint(self) -> QSize:
        """Let the window be as narrow as a person makes it."""
        return QSize(300, self.height())

    def status_text(self) -> str:
        """Return where we stand, as one line."""
        return self._status_box.accessibleName()

    def draw(self, moment: Moment) -> None:
        """Say where a moment stands."""
        where = self.tr("iteration {i} · epoch {e}").format(i=moment.position.iteration, e=moment.epoch)
        if moment.running:
            where = self.tr("{where} · running").format(where=where)
        done = self.tr("{k} of {n} done").format(k=moment.k, n=moment.n)
        phase, loss = self._phase_text(moment.phase), self._loss_text(moment)
        self._where.setText(where)
        self._done.setText(done)
        self._phase.setText(phase)
        self._loss.setText(loss)
        self._loss.setVisible(bool(loss))
        palette = QPalette()
        if moment.phase is not None:
            palette.setColor(QPalette.ColorRole.WindowText, theme.current().phases[moment.phase])
        self._phase.setPalette(palette)
        self._status_box.setAccessibleName(" · ".join(part for part in (where, done, phase, loss) if part))

    def set_speed(self, per_second: int) -> None:
        """Show a speed without telling anyone."""
        self._slider.blockSignals(True)
        self._slider.setValue(SPEEDS.index(per_second) if per_second in SPEEDS else SPEEDS.index(5))
        self._slider.blockSignals(False)
        self._name_speed()

    def keep_focus(self, disabled: QAction) -> None:
        """Move the focus to the other way in time before its button is disabled; Qt would move it anywhere."""
        for button in self.findChildren(BarButton):
            if button.hasFocus() and button.defaultAction() is disabled:
                (self.earlier_button if self.earlier_button.isEnabled() else self.later_button).setFocus()

    def fit(self) -> None:
        """Give the main buttons a width that holds both of their texts, so that nothing jumps."""
        metrics = self.fontMetrics()
        bold = fonts.sized(QApplication.font(), 0, bold=True)
        for part in (self.earlier_button, self.later_button, self._where, self._phase):
            if part.font() != bold:
                part.setFont(bold)
        for button in (self.earlier_button, self.later_button):
            button.setMinimumWidth(button.sizeHint().width())
        self.run_button.setMinimumWidth(metrics.horizontalAdvance("stop") + 52)
        self._speed_text.setMinimumWidth(metrics.horizontalAdvance(self.tr("as fast as it can")))
        self._share()

    def _share(self) -> None:
        metrics = self.fontMetrics()
        room = self.width() - 24
        used = sum(w.sizeHint().width() + 4 for w in self._always) + 24
        speed = self._speed_box.sizeHint().width() + 4
        narrow = room < used + speed + metrics.horizontalAdvance(LONGEST_STATUS) * 11 // 10
        self._speed_box.setVisible(room >= used + speed)
        if narrow != self._narrow:
            self._narrow = narrow
            (self._row if narrow else self._rows).removeWidget(self._status_box)
            (self._rows if narrow else self._row).addWidget(self._status_box)
            direction = QBoxLayout.Direction.LeftToRight if narrow else QBoxLayout.Direction.TopToBottom
            self._status_column.setDirection(direction)
        self.setFixedHeight(max(46, metrics.height() * 2 + 18) + (metrics.height() + 6 if narrow else 0))

    def _pair(self, earlier: QAction, words: str, later: QAction) -> QWidget:
        box = QFrame(self)
        line = QHBoxLayout(box)
        line.setContentsMargins(3, 0, 3, 0)
        line.setSpacing(3)
        label = QLabel(words, box)
        label.setTextFormat(Qt.TextFormat.PlainText)
        line.addWidget(BarButton(earlier, box, words=False))
        line.addWidget(label)
        line.addWidget(BarButton(later, box, words=False))
        return box

    def _speed(self) -> QWidget:
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(6, 0, 6, 0)
        column.setSpacing(0)
        self._slider = SpeedSlider(Qt.Orientation.Horizontal, box)
        self._slider.setRange(0, len(SPEEDS) - 1)
        self._slider.setPageStep(1)
        self._slider.setTickPosition(QSlider.TickPosition.NoTicks)
        self._slider.setAccessibleName(self.tr("Speed of a run"))
        self._speed_text = QLabel(box)
        self._speed_text.setTextFormat(Qt.TextFormat.PlainText)
        self._speed_text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._slider)
        column.addWidget(self._speed_text)
        self._slider.valueChanged.connect(self._on_slider)
        return box

    def _status(self) -> QWidget:
        self._status_box = QWidget(self)
        column = self._status_column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._status_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._where, self._done, self._phase, self._loss = (QLabel(self._status_box) for _ in range(4))
        for label in (self._where, self._done, self._phase, self._loss):
            label.setTextFormat(Qt.TextFormat.PlainText)
        below = QHBoxLayout()
        below.setSpacing(10)
        below.addStretch(1)
        for label in (self._done, self._phase, self._loss):
            below.addWidget(label)
        column.addWidget(self._where, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(below)
        return self._status_box

    def _phase_text(self, phase: Phase | None) -> str:
        names = {
            "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
            "update": self.tr("update"), "predict": self.tr("predict"),
        }  # fmt: skip
        return f"{theme.PHASE_SIGN[phase]} {names[phase]}" if phase is not None else ""

    def _loss_text(self, moment: Moment) -> str:
        index = moment.program.loss
        if index is not None and index in moment.stale:
            return self.tr("◷ loss out of date")
        value = None if index is None else moment.value(index)
        return (
            ""
            if value is None or not value.size
            else self.tr("loss {x}").format(x=short(value.reshape(-1)[0], min(MOST_DIGITS, shown_digits())))
        )

    @Slot(int)
    def _on_slider(self, place: int) -> None:
        self._name_speed()
        self.speed_changed.emit(SPEEDS[place])

    def _name_speed(self) -> None:
        speed = SPEEDS[self._slider.value()]
        words = self.tr("{n} a second").format(n=speed) if speed else self.tr("as fast as it can")
        self._speed_text.setText(words)
        words = self.tr("Iterations in a run: {speed}").format(speed=words)
        self._slider.setToolTip(words)
        self._slider.setAccessibleDescription(words)
