"""All curves under each other over one x axis, the iterations: click, drag or use the arrow keys to travel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.execute.tracks import Track, Tracks
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.curve_panel import Curve, CurvePanel, axis_width
from stepper.widgets.curves_header import CurvesHeader
from stepper.widgets.iteration_strip import IterationStrip
from stepper.widgets.loss_plot import key_target
from stepper.widgets.numbers import percent, short

FEWEST_ITERATIONS = 10


@dataclass(frozen=True)
class _Group:
    """What stands in one plot."""

    id: str
    title: str
    tracks: tuple[Track, ...]
    log: bool


class CurvesView(QWidget):
    """Draws every number that is followed over the iterations.

    `iteration_clicked` says where a person wants to go, `wanted` (a tuple of track ids) what is looked at, and
    `log_switched` that the loss is drawn on another scale.
    """

    iteration_clicked = Signal(int)
    wanted = Signal(object)
    log_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Curves over the iterations"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._moment: Moment | None = None
        self._hidden: set[str] = set()
        self._asked: tuple[str, ...] = ()
        self._dressed = ""
        self.panels: dict[str, CurvePanel] = {}
        self.header = CurvesHeader(self)
        self.header.switched.connect(self._on_shown)
        self.header.log_switched.connect(self._on_log)
        self.hint = QLabel(self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self._inside = QWidget(self)
        self._stack = QVBoxLayout(self._inside)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(6)
        self.area = QScrollArea(self)
        self.area.setWidget(self._inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.axis = IterationStrip(self)
        self.axis.travelled.connect(self._travel)
        self._axis_row = QHBoxLayout()
        self._axis_row.addWidget(self.axis)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.header)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.area, 1)
        layout.addLayout(self._axis_row)

    def sizeHint(self) -> QSize:
        return QSize(700, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def set_log(self, on: bool) -> None:
        """Draw the loss on a logarithmic scale, or not."""
        self.header.log_button.setChecked(on)

    @Slot(str)
    def show_watch(self, text: str) -> None:
        """Show the curve of a watch that was hidden."""
        self._hidden.discard(f"watch:{text}")
        self._redraw()

    def draw(self, moment: Moment) -> None:
        """Draw a moment."""
        self._moment = moment
        self._dress()
        tracks = moment.tracks
        groups = [] if tracks is None else self._groups(moment, tracks)
        self._offer(groups)
        shown = [g for g in groups if g.id not in self._hidden]
        self._ask(tuple(t.id for g in shown for t in g.tracks if not t.problem))
        empty = tracks is None or tracks.reached == 0 or not shown
        self.hint.setVisible(empty)
        self.area.setVisible(not empty)
        self.axis.setVisible(not empty)
        filling = tracks is not None and bool(tracks.reached) and not moment.running and not tracks.complete()
        self.header.say(moment, filling)
        if tracks is None or empty:
            self.hint.setText(self._why_empty(moment, bool(shown)))
            return
        right = max(tracks.reached, moment.position.iteration, FEWEST_ITERATIONS)
        for panel_id, panel in self.panels.items():
            panel.setVisible(any(g.id == panel_id for g in shown))
        for place, group in enumerate(shown):
            self._draw_group(moment, tracks, group, right)
            if self._stack.indexOf(self.panels[group.id]) != place:
                self._stack.insertWidget(place, self.panels[group.id], 1)
                self.panels[group.id].show()
        self.axis.show_range(right, moment.position.iteration)
        self._level()

    def _groups(self, moment: Moment, tracks: Tracks) -> list[_Group]:
        found: dict[str, list[Track]] = {}
        for track in tracks.built_in():
            if not track.problem:
                found.setdefault(track.family, []).append(track)
        titles = {
            "loss": (self.tr("Loss"), self.header.log_button.isChecked()),
            "scores": (self.tr("Accuracy"), False),
            "gradient": (self.tr("Length of the gradient"), True),
            "update": (self.tr("Update ratio (step / weights)"), True),
            "units": (self.tr("Share of units closed: saturated or dead"), False),
        }
        groups = [_Group(id, titles[id][0], tuple(found[id]), titles[id][1]) for id in titles if id in found]
        for watch in moment.notes.watches:
            track = tracks.watch(watch.text)
            if not track.problem:
                groups.append(_Group(track.id, track.name, (track,), False))
        return groups

    def _draw_group(self, moment: Moment, tracks: Tracks, group: _Group, right: int) -> None:
        panel = self.panels.get(group.id)
        if panel is None:
            panel = self.panels[group.id] = CurvePanel(self._inside)
            panel.travelled.connect(self._travel)
        curves: list[Curve] = []
        marks: list[object] = [id(tracks), tracks.version]
        for track in group.tracks:
            numbers, known = tracks.series(track.id), tracks.known(track.id)
            name = self._name(track, len(group.tracks))
            sparse = track.family == "scores" or track.id == "held_out_loss"
            say = percent if track.family in ("scores", "units") else short
            curves.append(Curve(name, track.sentence, numbers, known, sparse=sparse, say=say))
            marks += [track.id, numbers.size, int(known.sum())]
        if group.id == "loss" and len(moment.old_losses):
            ghost = np.array(moment.old_losses, dtype=float)
            sentence = self.tr("The loss as it was before the last change by hand.")
            curves.append(Curve(self.tr("before the change"), sentence, ghost, np.ones(ghost.size, dtype=bool), ghost=True))
            marks += [ghost.size, float(ghost[-1])]
        panel.draw(moment, group.title, curves, right, group.log, marks, (0.0, 1.0) if group.id == "units" else None)

    def _name(self, track: Track, count: int) -> str:
        if track.family in ("gradient", "update"):
            return self.tr("layer {n}").format(n=track.id.partition(":")[2])
        if track.family == "units":
            kind, _, layer = track.id.partition(":")
            text = self.tr("saturated, layer {n}") if kind == "saturated" else self.tr("dead, layer {n}")
            return text.format(n=layer)
        names = {
            "loss": self.tr("training") if count > 1 else "", "held_out_loss": self.tr("held out"),
            "accuracy": self.tr("training"), "held_out_accuracy": self.tr("held out"),
        }  # fmt: skip
        return names.get(track.id, "")

    def _offer(self, groups: list[_Group]) -> None:
        """Have the menu offer what there is; plots that there is nothing for any more go."""
        names = {g.id: g.title for g in groups}
        self.header.offer(list(names.items()), self._hidden)
        for id in [i for i in self.panels if i not in names]:
            panel = self.panels.pop(id)
            panel.hide()
            self._stack.removeWidget(panel)
            panel.deleteLater()

    def _ask(self, ids: tuple[str, ...]) -> None:
        tracks = None if self._moment is None else self._moment.tracks
        if tracks is not None and (ids != self._asked or ids != tracks.wanted):
            self._asked = ids
            self.wanted.emit(ids)

    def _why_empty(self, moment: Moment, shown: bool) -> str:
        if moment.fault is not None and (moment.tracks is None or not moment.tracks.reached):
            return self.tr("There are no curves while a line of the program cannot run.")
        if not shown:
            return self.tr("No curve is chosen. Choose some under “Show”, or add a watch under Stops and watches.")
        return self.tr("The curves grow as iterations are completed: step on, or press Run.")

    @Slot(str, bool)
    def _on_shown(self, id: str, on: bool) -> None:
        if on:
            self._hidden.discard(id)
        else:
            self._hidden.add(id)
        self._redraw()

    @Slot(bool)
    def _on_log(self, on: bool) -> None:
        self._redraw()
        self.log_switched.emit(on)

    def _redraw(self) -> None:
        if self._moment is not None and self.isVisible():
            self.draw(self._moment)

    @Slot(int)
    def _travel(self, iteration: int) -> None:
        tracks = None if self._moment is None else self._moment.tracks
        if tracks is not None and tracks.reached:
            self.iteration_clicked.emit(min(max(iteration, 1), tracks.reached))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        m = self._moment
        wanted = None
        if m is not None and m.tracks is not None and m.tracks.reached:
            wanted = key_target(event.key(), m.position.iteration, m.k == m.n, m.tracks.reached)
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self._travel(wanted)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._asked:
            self.wanted.emit(self._asked)

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody looks at is not followed."""
        super().hideEvent(event)
        if self._asked:
            self.wanted.emit(())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._level()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange:
            self._dressed = ""
        super().changeEvent(event)

    def _level(self) -> None:
        """Have the x axis begin and end where the plots do, also beside a scroll bar."""
        bar = self.area.verticalScrollBar()
        self._axis_row.setContentsMargins(0, 0, bar.width() if bar.isVisible() else 0, 0)

    def _dress(self) -> None:
        colours = theme.current()
        key = f"{colours.key}/{fonts.zoom()}"
        if key == self._dressed:
            return
        self._dressed = key
        self.axis.dress(axis_width())
        self.header.dress()
        palette = self.hint.palette()
        palette.setColor(self.hint.foregroundRole(), QColor(colours.dim))
        self.hint.setPalette(palette)
