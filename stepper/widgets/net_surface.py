"""What shows a network: its picture, which is painted only when something in it changed, and the lens above it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets import fonts, net_marks
from stepper.widgets.net_corner import NetCorner
from stepper.widgets.net_header import HeaderPainter, Words
from stepper.widgets.net_items import Item
from stepper.widgets.net_layout import Geometry
from stepper.widgets.net_lens import Lens, LensPainter
from stepper.widgets.net_measures import geometry_of
from stepper.widgets.net_paint import Painter
from stepper.widgets.net_pick import item_at
from stepper.widgets.net_scene import Scene

LARGEST_ZOOM = 24.0


class NetSurface(QWidget):
    """Paints a scene, zoomed and moved. `describe` says in words what an item is."""

    def __init__(self, describe: Callable[[Item], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self.zoom = 1.0
        self.offset = QPointF(0, 0)
        self.focus: Item | None = None
        self._scene: Scene | None = None
        self._geometry: Geometry | None = None
        self._images: dict[tuple[int, float, str], tuple[Array, QImage]] = {}
        self._over: Item | None = None
        self._by_keys = False
        self.picture: QPixmap | None = None
        self._words = Words(
            units=self.tr("{n} units"), layer=self.tr("layer {n}"), broken=self.tr("{n} not finite"),
            inputs=self.tr("input"), loss=self.tr("loss"), pixels=self.tr("{side}×{side} pixels"),
            samples=self.tr("{n} units × {m} samples"), closed=self.tr("not stepped"),
        )  # fmt: skip
        self.corner = NetCorner(self)
        self.corner.zoomed.connect(self.zoom_by)
        self.corner.fitted.connect(self.fit)

    def show_scene(self, scene: Scene | None) -> None:
        """Show a scene from now on."""
        old = self._scene
        if scene is None or old is None or old.network is not scene.network:
            self.focus, self._geometry = None, None
            self.fit()
        elif old.stripes != scene.stripes:
            self.focus = None if self.focus is None else self.focus._replace(sample=-1)
        self._over = None if scene is None or old is None or old.stripes != scene.stripes else self._over
        self._scene = scene
        self.redraw()

    def redraw(self) -> None:
        """Paint everything anew; without it only the lens is."""
        self.picture = None
        self.update()

    @property
    def geometry_(self) -> Geometry | None:
        """The places of everything in the picture as it is zoomed now, before it is moved by `offset`."""
        if self._scene is None:
            return None
        width, height = self.width() * self.zoom, self.height() * self.zoom
        g = self._geometry
        zoom = min(1.7, max(0.9, fonts.zoom()))
        scene, closed = self._scene, len(self._scene.moment.closed)
        wanted = (width, height, zoom, scene.stripes, closed, scene.network)
        if g is None or (g.width, g.height, g.zoom, g.samples, g.closed, g.network) != wanted:
            g = self._geometry = geometry_of(scene.network, width, height, zoom, scene.stripes, closed)
        return g

    def position_of(self, item: Item) -> QPoint:
        """Return where in the widget the middle of an item is."""
        g = self.geometry_
        assert g is not None
        return (g.place_of(item).center() + self.offset).toPoint()

    def item_at(self, at: QPointF) -> Item | None:
        """Return the item at a place in the widget."""
        g = self.geometry_
        return None if g is None or at.y() < g.header - 4 else item_at(g, at - self.offset)

    @Slot()
    def fit(self) -> None:
        """Show the whole network."""
        self.zoom, self.offset = 1.0, QPointF(0, 0)
        self.corner.set_zoom(self.zoom, LARGEST_ZOOM)
        self.redraw()

    @Slot(float)
    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom in or out around a place in the widget, by default its middle."""
        around = around if around is not None else QPointF(self.width() / 2, self.height() / 2)
        zoom = min(max(self.zoom * factor, 1.0), LARGEST_ZOOM)
        share = (around - self.offset) / self.zoom
        self.zoom = zoom
        self.offset = around - share * zoom
        self.corner.set_zoom(zoom, LARGEST_ZOOM)
        self._keep_inside()

    def lens(self) -> Lens | None:
        """Return what the lens magnifies now: what the mouse is over, else where the keyboard is."""
        g, item = self.geometry_, self._over
        if item is None and self.hasFocus() and self._by_keys:
            item = self.focus
        if g is None or self._scene is None or item is None or not g.in_heat(item) or item.source < 0:
            return None
        scene, heat = self._scene, g.heat(item)
        weight = {"weight": scene.edge_scale, "bias": scene.bias_edge_scale}
        selected = [i for i in scene.selected()[0] if i[:2] == item[:2]]
        return Lens(
            heat, scene.cells(item, heat.rows, heat.columns), g.cell_of(item),
            weight.get(item.kind, scene.unit_scales[item.layer]), tuple(self._describe(item).split("\n")), self._axes(item),
            frozenset(g.cell_of(i) for i in selected), scene.stale(item),
        )  # fmt: skip

    def _axes(self, item: Item) -> str:
        g = self.geometry_
        if g is None or item.kind == "bias" or g.heat(item).columns == 1:
            return self.tr("down: units")
        if item.kind == "unit":
            if g.pixels(item.layer):
                return self.tr("rows and columns of pixels")
            return self.tr("down: units · across: samples of the batch")
        if g.network.layers[item.layer - 1].weight_out_first:
            return self.tr("down: units · across: what they read")
        return self.tr("down: what is read · across: units")

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = (self.size().toSizeF() * ratio).toSize()
        if self.picture is None or self.picture.size() != size:
            self.picture = QPixmap(size)
            self.picture.setDevicePixelRatio(ratio)
            self._paint(self.picture)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self.picture)
        lens = self.lens()
        if lens is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            LensPainter(painter, lens, QRectF(self.rect()).adjusted(2, 2, -2, -2), self.offset).paint()
        painter.end()

    def _paint(self, picture: QPixmap) -> None:
        picture.fill(QColor(theme.current().panel))
        g = self.geometry_
        if self._scene is None or g is None:
            return
        painter = QPainter(picture)
        painter.setFont(self.font())
        painter.save()
        if self.zoom > 1:
            painter.setClipRect(QRectF(0, g.header, self.width(), self.height()))
        painter.translate(self.offset)
        Painter(painter, self._scene, g, self._words, self._image).paint(self.focus if self.hasFocus() else None)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.offset.x(), 0)
        HeaderPainter(painter, self._scene, g, self._words).paint()
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text and the colours."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.redraw()

    def _keep_inside(self) -> None:
        low = QPointF(self.width() * (1 - self.zoom), self.height() * (1 - self.zoom))
        self.offset = QPointF(min(0.0, max(low.x(), self.offset.x())), min(0.0, max(low.y(), self.offset.y())))
        self.redraw()

    def _image(self, array: Array, scale: float) -> QImage:
        """Return the heat map of an array, from the last few drawn; arrays are never written to."""
        key = (id(array), scale, theme.current().key)
        found = self._images.get(key)
        if found is None or found[0] is not array:
            if len(self._images) > 24:
                self._images.clear()
            found = self._images[key] = (array, net_marks.heat_image(array, scale))
        return found[1]
