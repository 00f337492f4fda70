"""Colours and signs of the two themes. Nothing is said by colour alone: each phase has an arrow too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QMenu

from core.program.ir import Phase

STYLE = "fusion"
LINE, TICK = 1.4, 1.4 / 1.1
"""How much darker than the window Fusion draws the line around a field, and the box of what can be ticked."""
OUTLINED: Mapping[str, float] = {
    "QCheckBox": TICK, "QRadioButton": 1.5, "QLineEdit": LINE, "QAbstractSpinBox": LINE,
}  # fmt: skip
"""The same by the class of a widget.

None of these shows its window colour anywhere else, so that colour alone decides how well the outline is seen. Children
take it over: one with children that do show it, such as a list that opens or scrolls, cannot stand here, and uses
`outlining` where it is painted. Nor can a menu, whose palette Qt takes for the lists below choices, too.
"""
PHASE_SIGN: Mapping[Phase, str] = {"forward": "→", "loss": "◆", "backward": "←", "update": "↻", "predict": "⇢"}


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as `#rrggbb`. `sizes` colour equal dimensions equally, in order of use.

    `accent` is the ground of the one thing to press, `edge` the outline of what can be ticked or typed into. `negative` and
    `positive` are inks for lines; `ends` are the colours of the scale of numbers, from −largest over zero to +largest.
    """

    name: str
    window: str
    panel: str
    text: str
    dim: str
    border: str
    lit: str
    lit_text: str
    selection: str
    error: str
    accent: str
    accent_text: str
    edge: str
    read: str
    written: str
    negative: str
    zero: str
    positive: str
    phases: Mapping[Phase, str]
    sizes: tuple[str, ...]
    ends: tuple[str, str, str] = ("", "", "")
    scale: str = "blue-orange"

    @property
    def key(self) -> str:
        """What tells apart all that is painted in different colours."""
        return f"{self.name}/{self.scale}"


@dataclass(frozen=True)
class Scale:
    """The colours of numbers in one theme: inks for a negative and a positive line, and the three of the scale."""

    negative: str
    positive: str
    ends: tuple[str, str, str]


LIGHT = Theme(
    name="light", window="#f4f5f7", panel="#ffffff", text="#1b1f24", dim="#59626d", border="#cfd5dc",
    lit="#ffe9a8", lit_text="#1b1f24", selection="#8a3ffc", error="#b3261e",
    accent="#0b5cb0", accent_text="#ffffff", edge="#6f7883", read="#0b6bcb", written="#b45309",
    negative="#2166ac", zero="#f7f7f7", positive="#c2410c",
    phases={"forward": "#0b6bcb", "loss": "#8a3ffc", "backward": "#b45309", "update": "#15803d", "predict": "#4b5563"},
    sizes=("#0f766e", "#a21caf", "#b45309", "#1d4ed8", "#be123c", "#4d7c0f"),
)  # fmt: skip

DARK = Theme(
    name="dark", window="#16191d", panel="#1e2227", text="#e8eaed", dim="#a3acb8", border="#3a414b",
    lit="#4a3b0d", lit_text="#ffffff", selection="#c79bff", error="#ff8a80",
    accent="#7cc0ff", accent_text="#10151b", edge="#87919e", read="#6cb6ff", written="#f0a04b",
    negative="#5aa9f0", zero="#2a2f36", positive="#f08a4b",
    phases={"forward": "#6cb6ff", "loss": "#c79bff", "backward": "#f0a04b", "update": "#5fd38d", "predict": "#a3acb8"},
    sizes=("#4fd1c5", "#e39af0", "#f0a04b", "#8ab4ff", "#ff8fa3", "#b5d36a"),
)  # fmt: skip

THEMES = {"light": LIGHT, "dark": DARK}
SCALES: Mapping[tuple[str, str], Scale] = {
    ("light", "blue-orange"): Scale("#2166ac", "#c2410c", ("#2166ac", "#f7f7f7", "#c2410c")),
    ("dark", "blue-orange"): Scale("#5aa9f0", "#f08a4b", ("#5aa9f0", "#2a2f36", "#f08a4b")),
    # PuOr of ColorBrewer: its ends differ for every common kind of colour blindness.
    ("light", "purple-orange"): Scale("#5e3c99", "#a34b00", ("#5e3c99", "#f7f7f7", "#c96a06")),
    ("dark", "purple-orange"): Scale("#b3a4e6", "#f1a340", ("#a294da", "#2a2f36", "#e8993a")),
    # On a grey scale the middle is grey: what is negative is darker, what is positive is lighter.
    ("light", "grey"): Scale("#5b6470", "#1b1f24", ("#2b2b2b", "#a6a6a6", "#ffffff")),
    ("dark", "grey"): Scale("#a3acb8", "#f4f5f7", ("#000000", "#4d4d4d", "#a6a6a6")),
}
SCALE_NAMES = tuple(dict.fromkeys(name for _, name in SCALES))


def coloured(name: str, scale: str = "blue-orange") -> Theme:
    """Return a theme with one of the scales of numbers; raises KeyError."""
    found = SCALES[name, scale]
    ends = found.ends
    return replace(
        THEMES[name], negative=found.negative, positive=found.positive, zero=ends[1], ends=ends, scale=scale
    )  # fmt: skip


_current = [coloured("light")]


def current() -> Theme:
    """Return the theme in use."""
    return _current[0]


def system_name() -> str:
    """Return `dark` where the desktop asks for dark colours, else `light`."""
    return "dark" if QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"


def apply(name: str, scale: str = "") -> None:
    """Use a theme from now on, for the whole application; views draw with it when they are next drawn.

    `scale` names the colours of numbers (SCALE_NAMES); without it those in use stay.
    """
    theme = coloured(name, scale or current().scale)
    _current[0] = theme
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, theme.window), (QPalette.ColorRole.Base, theme.panel),
        (QPalette.ColorRole.AlternateBase, theme.window), (QPalette.ColorRole.Button, theme.panel),
        (QPalette.ColorRole.ToolTipBase, theme.panel), (QPalette.ColorRole.WindowText, theme.text),
        (QPalette.ColorRole.Text, theme.text), (QPalette.ColorRole.ButtonText, theme.text),
        (QPalette.ColorRole.ToolTipText, theme.text), (QPalette.ColorRole.PlaceholderText, theme.dim),
        (QPalette.ColorRole.Highlight, theme.selection), (QPalette.ColorRole.HighlightedText, theme.panel),
        (QPalette.ColorRole.Mid, theme.border), (QPalette.ColorRole.Dark, theme.border),
        (QPalette.ColorRole.Light, theme.panel), (QPalette.ColorRole.Link, theme.read),
    ):  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.dim))
    application = QApplication.instance()
    if isinstance(application, QApplication):
        if application.style().objectName().lower() != STYLE:  # a new one each time would polish every widget anew
            application.setStyle(STYLE)
        application.setPalette(palette)
        for kind, darker in OUTLINED.items():
            application.setPalette(outlining(palette, darker), kind)  # type: ignore[arg-type]  # it takes no bytes
        for widget in application.topLevelWidgets():
            if isinstance(widget, QMenu):
                outline_menu(widget)


def outline_menu(menu: QMenu) -> None:
    """Have the boxes of a menu be seen; one that is made after a theme was applied has to be told."""
    menu.setPalette(outlining(QPalette(), TICK))


def outlining(palette: QPalette, darker: float) -> QPalette:
    """Return a palette with which Fusion draws an outline that is seen, where it is so much darker than the window."""
    theme, made = current(), QPalette(palette)
    for group, wanted in (
        (QPalette.ColorGroup.Active, theme.edge),
        (QPalette.ColorGroup.Inactive, theme.edge),
        (QPalette.ColorGroup.Disabled, theme.border),
    ):
        edge = QColor(wanted)
        lighter = QColor.fromHsv(max(0, edge.hue()), edge.saturation(), min(255, round(edge.value() * darker)))
        made.setColor(group, QPalette.ColorRole.Window, lighter)
    return made


def diverging(value: float, largest: float) -> QColor:
    """Return the colour of a number on a scale from −largest over zero to +largest; NaN has none of its own."""
    negative, zero, positive = current().ends
    if value != value or not largest > 0:
        return QColor(zero)
    share = max(-1.0, min(1.0, value / largest))
    end = QColor(positive if share > 0 else negative)
    start = QColor(zero)
    t = abs(share)
    return QColor.fromRgbF(
        start.redF() + (end.redF() - start.redF()) * t,
        start.greenF() + (end.greenF() - start.greenF()) * t,
        start.blueF() + (end.blueF() - start.blueF()) * t,
    )


def contrast(one: str | QColor, other: str | QColor) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    a, b = sorted((_luminance(QColor(one)), _luminance(QColor(other))))
    return (b + 0.05) / (a + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
