"""Translations: one `.qm` file a language, in `resources/translations`; without one, English as written."""

from __future__ import annotations

from importlib import resources as package_files

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def install(application: QCoreApplication, locale: QLocale | None = None) -> list[QTranslator]:
    """Install Qt's own translations and ours for a locale; returns those that were found."""
    where = QLocale.system() if locale is None else locale
    found: list[QTranslator] = []
    ours = package_files.files("resources") / "translations"
    for name, folder in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("stepper", str(ours) if ours.is_dir() else ""),
    ):
        translator = QTranslator(application)
        if folder and translator.load(where, name, "_", folder) and application.installTranslator(translator):
            found.append(translator)
        else:
            translator.deleteLater()
    return found
