"""The window of settings, made from the one table. Every choice is seen at once; nothing has to be confirmed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from stepper.settings import SETTINGS, Setting, Settings, say
from stepper.widgets.tips import plain


class Points(QSpinBox):
    """Points more or less than usual; 0 is called so."""

    def textFromValue(self, val: int) -> str:
        """Return a number of points as words."""
        if not val:
            return self.tr("as usual")
        return self.tr("{n} points bigger").format(n=val) if val > 0 else self.tr("{n} points smaller").format(n=-val)


class SettingsDialog(QDialog):
    """Shows every setting that has a title; `chosen(key, value)` tells of each choice."""

    chosen = Signal(str, object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle(self.tr("Settings"))
        self.setAccessibleName(self.tr("Settings"))
        self._settings = settings
        self.editors: dict[str, QComboBox | QSpinBox] = {}
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for setting in SETTINGS:
            if setting.title:
                editor = self._editor(setting)
                editor.setObjectName(setting.key)
                editor.setAccessibleName(say(setting.title))
                editor.setAccessibleDescription(say(setting.tip))
                editor.setToolTip(plain(say(setting.tip)))
                form.addRow(say(setting.title), editor)
                self.editors[setting.key] = editor
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.reset_button = buttons.addButton(self.tr("&Usual values"), QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_button.clicked.connect(self.reset)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(16)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(buttons)
        self.refresh()
        self.resize(max(440, self.sizeHint().width()), self.sizeHint().height())

    @Slot()
    def refresh(self) -> None:
        """Show what holds now; a setting may have been changed elsewhere."""
        for key, editor in self.editors.items():
            editor.blockSignals(True)
            if isinstance(editor, QComboBox):
                editor.setCurrentIndex(editor.findData(self._settings.get(key)))
            else:
                editor.setValue(self._settings.get(key))
            editor.blockSignals(False)

    @Slot()
    def reset(self) -> None:
        """Choose what held before anyone chose."""
        for setting in SETTINGS:
            if setting.title and self._settings.get(setting.key) != setting.default:
                self.chosen.emit(setting.key, setting.default)
        self.refresh()

    def _editor(self, setting: Setting) -> QComboBox | QSpinBox:
        if setting.choices:
            box = QComboBox(self)
            for value, words in setting.choices:
                box.addItem(say(words), value)
            box.currentIndexChanged.connect(self._on_choice)
            return box
        spin = Points(self) if setting.least < 0 else QSpinBox(self)
        spin.setRange(setting.least, setting.most)
        spin.valueChanged.connect(self._on_number)
        return spin

    @Slot()
    def _on_choice(self) -> None:
        box = self.sender()
        if isinstance(box, QComboBox):
            self._choose(box.objectName(), box.currentData())

    @Slot()
    def _on_number(self) -> None:
        spin = self.sender()
        if isinstance(spin, QSpinBox):
            self._choose(spin.objectName(), spin.value())

    def _choose(self, key: str, value: Any) -> None:
        if value != self._settings.get(key):
            self.chosen.emit(key, value)
