"""Every picture of the app in one process: those of the README, and all that a person should look at before a release.

The README's go to resources/pictures. All the others go to build/pictures: each view and each arrangement of the
window, in both themes, of a small network and a large one, and the states of a backward of one's own, of a lesson and
of a saved network; and for each of them a contact sheet, so that all can be looked at in a minute.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench"), str(ROOT / "tests" / "pictures")]

import numpy as np  # noqa: E402
import own_backward  # noqa: E402
import saved_networks  # noqa: E402
from bench_run import LARGE  # noqa: E402
from PySide6.QtCore import QPoint, Qt  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap, qRgb  # noqa: E402

from core.library import open_target  # noqa: E402
from core.notes import Bookmark, Breakpoint, Notes, Watch  # noqa: E402
from core.session import Session  # noqa: E402
from stepper.picture import ARRANGED, THEMES, VIEWS, Studio, choice, png, standing  # noqa: E402

README = ROOT / "resources" / "pictures"
BUILD = ROOT / "build" / "pictures"
FILES = ROOT / "build" / "networks"
WINDOWS = ((1280, 720), (2560, 1440))
SIZES = {
    "program": (420, 720), "network": (900, 520), "graph": (1100, 620), "operation": (900, 420), "line": (560, 420),
    "update": (560, 480), "value": (520, 480), "why": (480, 560), "data": (560, 560), "predict": (480, 420),
    "loss": (1280, 220), "curves": (900, 620), "notes": (460, 460),
}  # fmt: skip
NOTES = Notes().add(Breakpoint("condition", "L < 0.2")).add(Breakpoint("finding")).add(Watch("norm(dW1)")).add(Watch("W1[0, 1]"))
GAP, CAPTION, MOST = 12, 26, 1100
COLOURS = 256


@dataclass(frozen=True)
class Network:
    """A network, and a place in its training that has something to show."""

    name: str
    target: str
    iteration: int
    step: int
    select: str

    def stand(self) -> Session:
        """Return a session that stands at the place."""
        return standing(open_target(self.target), self.iteration, self.step)


def networks() -> tuple[Network, ...]:
    """Return the networks; the large one is written into a file first."""
    large = BUILD / "large.py"
    large.write_text(LARGE, "utf-8")
    program = open_target(str(large)).program
    step = 1 + next(i.index for i in program.instructions if program.values[i.result].label == "dW2")
    return Network("2-3-1", "xor", 60, 14, "dW2[0, 1]"), Network("784-128-64-10", str(large), 20, step, "dW2[3, 5]")


def ready(studio: Studio, network: Network, session: Session, theme: str) -> None:
    """Have the pictures show a network, with something noted and a cell chosen."""
    studio.open(session, theme)
    session.note(NOTES.add(Bookmark(network.iteration, 0, "here it begins to learn")))
    studio.choose(*choice(session, network.select))


def everything() -> Iterator[tuple[str, str, QPixmap]]:
    """Take every picture; yields the sheet that it belongs on, its name and itself."""
    for network in networks():
        session = network.stand()
        with Studio() as studio:
            for theme in THEMES:
                ready(studio, network, session, theme)
                for view in VIEWS[1:]:
                    yield view, f"{network.name} {theme}", studio.take(view, SIZES.get(view, (560, 480)))
        for arrangement in ARRANGED:
            with Studio() as studio:
                for theme in THEMES:
                    ready(studio, network, session, theme)
                    for width, height in WINDOWS:
                        sheet = f"window-{arrangement}-{width}x{height}"
                        yield sheet, f"{network.name} {theme}", studio.take("window", (width, height), arrangement)
    yield from own_backward.own_backward()
    yield from saved_networks.saved_networks(FILES)
    yield from saved_networks.hard_states(FILES)


def sheet_of(pictures: dict[str, QPixmap]) -> QPixmap:
    """Return pictures with their names, which end in a theme: a row for each network or state, the themes side by side."""
    width = min(max(p.width() for p in pictures.values()), MOST)
    small = {
        name: p.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation) if p.width() > width else p
        for name, p in pictures.items()
    }
    rows_of = list(dict.fromkeys(name.rpartition(" ")[0] for name in small))
    small = {f"{row} {theme}": small[f"{row} {theme}"] for row in rows_of for theme in THEMES}
    height = max(p.height() for p in small.values())
    columns = len(THEMES)
    rows = -(-len(small) // columns)
    made = QPixmap(columns * (width + GAP) + GAP, rows * (height + CAPTION + GAP) + GAP)
    made.fill(QColor("#808080"))
    painter = QPainter(made)
    painter.setPen(QColor("white"))
    for n, (name, picture) in enumerate(small.items()):
        row, column = divmod(n, columns)
        at = QPoint(GAP + column * (width + GAP), GAP + row * (height + CAPTION + GAP))
        painter.drawText(at + QPoint(2, CAPTION - 9), name)
        painter.drawPixmap(at + QPoint(0, CAPTION), picture)
    painter.end()
    return made


def readme() -> Iterator[tuple[str, QPixmap]]:
    """Take the README's pictures; yields the name and the picture."""
    with Studio() as studio:
        studio.window.set_theme("light")
        studio.window.show_first_page()
        yield "first-page", studio.take("window", (1120, 640))
    xor = standing(open_target("xor"), 60, 14)
    dW2 = choice(xor, "dW2[0, 1]")
    with Studio() as studio:
        studio.open(xor, "light")
        yield "window", studio.take("window", (1360, 820))
        studio.choose(*dW2)
        yield "why", studio.take("why", (470, 400))
        yield "graph", studio.take("graph", (1000, 520))
        xor.go(60, 2)
        xor.into()
        for _ in range(3):
            xor.later()
        yield "inside", studio.take("operation", (900, 260))
    changed = standing(open_target("xor"), 60, 7)
    W1 = choice(changed, "W1[0, 1]")
    with Studio() as studio:
        studio.open(changed, "dark")
        studio.choose(*W1)
        changed.change_cell(*(W1[0], W1[1] or ()), "2.5")
        yield "changed", studio.take("window", (1360, 820))
    flower = standing(open_target("flower"), 1, 0)
    flower.run(3000)  # when its numbers stop being finite depends on the processor
    if flower.to_first_bad():
        flower.later("phase")
        bad = [p for p in flower.moment().problems if p.finding.rule == "nonfinite"]
        flower.choose_problem(bad[-1] if bad else None)
        with Studio() as studio:
            studio.open(flower, "light")
            studio.take("window", (1360, 820))
            studio.window.panels.show_panel("problems")
            studio.window.panels.show_panel("graph")
            yield "problems", studio.take("window", (1360, 820))
    digits = standing(open_target("digits"), 40, None)
    with Studio() as studio:
        studio.open(digits, "light")
        yield "data", studio.take("data", (620, 460))
        yield "curves", studio.take("curves", (620, 460))
    yield from own_backward.readme()
    yield from saved_networks.readme(FILES)


def few_colours(pixmap: QPixmap) -> QImage:
    """Return a picture in its 256 most frequent colours, which makes its file a third as large and is hardly seen."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    colours, counts = np.unique(pixels & 0xFFFFFF, return_counts=True)
    most = colours[np.argsort(-counts, kind="stable")[:COLOURS]]
    table = [qRgb(int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in most]
    flags = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    return image.convertToFormat(QImage.Format.Format_Indexed8, table, flags)


def main() -> None:
    """Take them all."""
    begin = time.perf_counter()
    BUILD.mkdir(parents=True, exist_ok=True)
    FILES.mkdir(parents=True, exist_ok=True)
    for old in BUILD.glob("*.png"):
        old.unlink()
    for old in README.glob("*.png"):
        old.unlink()
    for name, pixmap in readme():
        (README / f"{name}.png").write_bytes(png(few_colours(pixmap)))
    sheets: dict[str, dict[str, QPixmap]] = {}
    for name, which, pixmap in everything():
        sheets.setdefault(name, {})[which] = pixmap
        (BUILD / f"{name} {which}.png".replace(" ", "-")).write_bytes(png(pixmap))
    for name, pictures in sheets.items():
        (BUILD / f"sheet-{name}.png").write_bytes(png(sheet_of(pictures)))
    count = sum(map(len, sheets.values()))
    print(f"{count} pictures and {len(sheets)} contact sheets (sheet-*.png) in {BUILD}, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
