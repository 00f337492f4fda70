"""The data as the network sees them: points over its answer, a fitted curve, or pictures; what is misclassified."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.predictions import Predictor, parameters_at
from core.predictions.predictor import Parameters
from core.program.ir import Program
from core.session import Moment
from stepper import theme
from stepper.widgets import data_scenes as scenes
from stepper.widgets import data_words as words
from stepper.widgets import fonts
from stepper.widgets.data_card import SampleCard
from stepper.widgets.data_controls import DataControls
from stepper.widgets.data_frame import PlotScene
from stepper.widgets.data_marks import DataLegend
from stepper.widgets.data_pictures import Sheet, SheetScroll
from stepper.widgets.data_plot import DataPlot
from stepper.widgets.numbers import shown_digits
from stepper.widgets.tips import plain

SLOW, PAUSE = 0.006, 0.15
FINE, COARSE = 4, 8
MOST_KEPT = 4
CURVE_POINTS = 240
NARROW, LEAST_FOR_NOTES = 520, 310


class DataView(QWidget):
    """Shows the data of a moment; `sample_clicked` gives the index in the data of the sample to be made current."""

    sample_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Data"))
        self._moment: Moment | None = None
        self._predictors: list[tuple[Program, Predictor]] = []
        self._predictor: Predictor | None = None
        self._seen: scenes.Seen | None = None
        self._shown: tuple[object, ...] = ()
        self._current: object = ()
        self._drawn, self._cost = 0.0, 0.0
        self._build()
        self._use_fonts()

    def sizeHint(self) -> QSize:
        return QSize(560, 420)

    def draw(self, moment: Moment) -> None:
        """Show a moment; nothing is computed anew unless a parameter, the data or what is asked for changed."""
        self._moment = moment
        start = time.monotonic()
        if moment.running and self._cost > SLOW and start - self._drawn < PAUSE:
            return  # the run goes first; when it stops, everything is drawn once more
        predictor = self._predictor_of(moment)
        parameters = parameters_at(moment.program, moment.k, moment.machine.peek) if predictor.refusal is None else None
        answer = None if parameters is None else predictor.answer(parameters)
        if parameters is None or answer is None:
            self._say_nothing(words.refused(predictor.refusal or "does not fit"))
            return
        seen, batch = self._seen, np.isin(np.arange(predictor.samples), moment.samples)
        if seen is None or seen.answer is not answer or not np.array_equal(seen.in_batch, batch):
            self._seen = seen = scenes.Seen(predictor, answer, batch)
        self.controls.arrange(predictor)
        pictures = self.controls.pictures(predictor)
        # The page comes first: it gives the plot its size, and tells of it, before the surface is computed for it.
        self._stack.setCurrentWidget(self._picture_page if pictures else self.plot)
        asked = (
            seen,
            self.controls.chosen(),
            self._fineness(moment),
            theme.current().key,
            shown_digits(),
            moment.stale,
            self.height() < LEAST_FOR_NOTES,
        )
        if asked != self._shown or moment.selection.sample != self._current:
            self._show(seen, moment, parameters, asked != self._shown)
            self._shown, self._current = asked, moment.selection.sample
            self._drawn, self._cost = time.monotonic(), time.monotonic() - start

    def describe(self, sample: int) -> str:
        """Say what a sample is and what the network answers."""
        if self._seen is None or self._moment is None:
            return ""
        return words.sample_text(self._seen.predictor, self._seen.answer, sample, self._moment.samples)

    # -- what is shown --------------------------------------------------------------------------------

    def _show(self, seen: scenes.Seen, moment: Moment, parameters: Parameters, anew: bool) -> None:
        """Show what is seen; `anew` if more changed than which sample is the current one."""
        predictor = seen.predictor
        pictures = self.controls.pictures(predictor)
        if not pictures and not predictor.varying:
            self._say_nothing(self.tr("All samples are the same, so there is nothing to draw them apart by."))
            return
        self.headline.setText(words.headline(predictor, seen.answer))
        extra = self._show_pictures(seen, moment) if pictures else self._show_plot(seen, moment, parameters, anew)
        notes = [*words.notes(predictor, pictures), extra, words.ahead(moment.program, moment.stale)]
        self.note.setText(" ".join(n for n in notes if n))
        # In little room the notes give way to the picture; they are then found where the pointer rests on the first line.
        self.note.setVisible(any(notes) and self.height() >= LEAST_FOR_NOTES)
        self.headline.setToolTip(plain(self.note.text()))
        hint = self.tr("Click a point, or use ↑ and ↓, to make a sample the current one.")
        if pictures:
            hint = self.tr("Click a picture, or use the arrow keys, to make a sample the current one.")
        current = moment.selection.sample
        self.detail.setText(hint if current is None else self.describe(current))
        for part in (self.plot, self.sheet):
            part.setAccessibleDescription(f"{self.headline.text()}. {self.detail.text()}")
        self._paint_words()
        for part in (self.legend, self.detail, self.headline):
            part.setVisible(True)

    def _show_plot(self, seen: scenes.Seen, moment: Moment, parameters: Parameters, anew: bool) -> str:
        """Show the points; returns what there is to say of them."""
        current, scene = moment.selection.sample, self.plot.scene
        if anew or scene is None:
            scene = self._scene(seen, moment, parameters)
        self.plot.show_scene(scene, current)
        self.legend.set_keys(scenes.plot_keys(seen, scene, current is not None))
        return "" if scene.curve is None else words.outside(scene.curve.outputs, scene.box.bottom, scene.box.top)

    def _scene(self, seen: scenes.Seen, moment: Moment, parameters: Parameters) -> PlotScene:
        predictor = seen.predictor
        if len(predictor.varying) == 1:
            box = scenes.curve_box(predictor, seen.answer.outputs)
            return scenes.curve_scene(seen, box, predictor.curve(parameters, box.left, box.right, CURVE_POINTS))
        across, up = self.controls.axes(predictor)
        if len(predictor.varying) > 2:
            return scenes.plane_scene(seen, across, up, None, ())
        box = scenes.plane_box(predictor, across, up)
        surface = predictor.surface(parameters, box, *self._fineness(moment))
        lines = predictor.neuron_lines(parameters, box) if self.controls.lines.isChecked() else ()
        return scenes.plane_scene(seen, across, up, surface, lines)

    def _fineness(self, moment: Moment) -> tuple[int, int]:
        """Return of how many points a surface is to be: as fine as can be seen, coarse while the program runs."""
        step = COARSE if moment.running else FINE
        # In steps, so that a few pixels more or less are not computed anew.
        return self.plot.width() // 32 * 32 // step + 1, self.plot.height() // 32 * 32 // step + 1

    def _show_pictures(self, seen: scenes.Seen, moment: Moment) -> str:
        """Show the pictures; returns what there is to say of them."""
        predictor, current = seen.predictor, moment.selection.sample
        only_wrong = predictor.truth is not None and self.controls.only_wrong.isChecked()
        large = int(moment.samples[0]) if current is None and len(moment.samples) else current or 0
        large = min(large, predictor.samples - 1)
        self.card.show_card(scenes.card(seen, large, self.describe(large)))
        scene = scenes.sheet_scene(seen, only_wrong)
        self.sheet.show_scene(scene, current)
        self.legend.set_keys(scenes.sheet_keys(seen, current is not None))
        total = seen.answer.misclassified + seen.answer.silent if only_wrong else predictor.samples
        if not scene.samples:
            return self.tr("There are no wrong ones.")
        if len(scene.samples) == total:
            return ""
        return self.tr("The first {n} of {total} are shown.").format(n=len(scene.samples), total=total)

    def _say_nothing(self, sentence: str) -> None:
        """Show a sentence instead of the data."""
        self._shown, self._seen = (), None
        self.hint.setText(sentence)
        self._stack.setCurrentWidget(self.hint)
        for part in (self.headline, self.note, self.controls, self.legend, self.detail):
            part.setVisible(False)
        self._paint_words()

    def _predictor_of(self, moment: Moment) -> Predictor:
        """Return the predictor of a moment's program, kept for the last few: a change of the data makes another program."""
        found = next((p for program, p in self._predictors if program is moment.program), None)
        if found is None:
            found = Predictor(moment.program)
            self._predictors = [(moment.program, found), *self._predictors][:MOST_KEPT]
        if found is not self._predictor:
            fresh = self._predictor is None or self._predictor.shape != found.shape
            self._predictor, self._seen, self._shown = found, None, ()
            if found.refusal is None:
                self.controls.offer(found, fresh)
        return found

    @Slot()
    def _again(self) -> None:
        if self._moment is not None:
            self.draw(self._moment)

    # -- building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.headline, self.note = self._label(self.tr("How many are misclassified")), self._label(self.tr("Note"))
        self.detail, self.hint = self._label(self.tr("The current sample")), self._label(self.tr("Why there is nothing to see"))
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.controls = DataControls(self)
        self.controls.changed.connect(self._again)
        self.plot = DataPlot(self.describe, self)
        self.plot.sample_chosen.connect(self.sample_clicked)
        self.plot.resized.connect(self._again)
        self.card = SampleCard(self)
        self.sheet = Sheet(self.describe, self)
        self.sheet.sample_chosen.connect(self.sample_clicked)
        self._picture_page = QWidget(self)
        self._picture_box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._picture_page)
        self._picture_box.setContentsMargins(0, 0, 0, 0)
        self._picture_box.setSpacing(10)
        self._picture_box.addWidget(self.card, 2)
        self._picture_box.addWidget(SheetScroll(self.sheet, self), 3)
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        for part in (self.hint, self.plot, self._picture_page):
            self._stack.addWidget(part)
        self.legend = DataLegend(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        for part in (self.headline, self.controls):
            column.addWidget(part)
        column.addWidget(body, 1)
        for part in (self.legend, self.detail, self.note):
            column.addWidget(part)

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return label

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the sample above the sheet where both do not fit side by side."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self._picture_box.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "legend"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.headline.setFont(fonts.sized(base, 0, bold=True))
        for label in (self.note, self.legend):
            label.setFont(fonts.sized(base, -1))

    def _paint_words(self) -> None:
        t = theme.current()
        silent = self._seen is not None and self._seen.answer.silent > 0
        for label, ink in ((self.headline, t.error if silent else t.text), (self.note, t.dim), (self.hint, t.dim)):
            palette = label.palette()
            palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
            label.setPalette(palette)
