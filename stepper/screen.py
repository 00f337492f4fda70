"""Is there a display, and what does it need? Decided before Qt is loaded, because Qt aborts where there is none."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import re
import socket
import sys
from pathlib import Path

PATIENCE = 2.0
NEEDED: tuple[tuple[str, str], ...] = (
    ("libGL.so.1", "libgl1"),
    ("libEGL.so.1", "libegl1"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
)
NEEDED_BY_X11: tuple[tuple[str, str], ...] = (
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libxcb-image.so.0", "libxcb-image0"),
    ("libxcb-render-util.so.0", "libxcb-render-util0"),
    ("libxcb-randr.so.0", "libxcb-randr0"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxcb-sync.so.1", "libxcb-sync1"),
    ("libxcb-xfixes.so.0", "libxcb-xfixes0"),
    ("libxcb-xkb.so.1", "libxcb-xkb1"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
)
NEEDED_BY_WAYLAND: tuple[tuple[str, str], ...] = (
    ("libwayland-client.so.0", "libwayland-client0"),
    ("libwayland-cursor.so.0", "libwayland-cursor0"),
)
WITHOUT_SCREEN = ("offscreen", "minimal", "minimalegl", "vnc")


def platforms() -> list[str]:
    """Return the Qt platforms that can show a window here, best first; empty where there is no display.

    `system` stands for whatever Windows or macOS uses.
    """
    if not sys.platform.startswith("linux"):
        return ["system"]
    asked = os.environ.get("QT_QPA_PLATFORM", "").strip()
    if asked:
        names = [part.split(":")[0].strip() for part in asked.split(";")]
        return [name for name in names if _usable(name)]
    found = [name for name, usable in (("xcb", x11_answers()), ("wayland", wayland_answers())) if usable]
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        found.reverse()
    return found


def display_available() -> bool:
    """Tell whether a window can be shown. Looks without loading Qt."""
    return bool(platforms())


def missing_libraries(window: bool = True) -> list[str]:
    """Return the Debian packages that Qt needs and that are not there; for pictures alone with `window=False`."""
    if not sys.platform.startswith("linux"):
        return []
    needed = NEEDED
    if window:
        chosen = (platforms() or ["xcb"])[0]
        needed += NEEDED_BY_X11 if chosen == "xcb" else NEEDED_BY_WAYLAND if chosen.startswith("wayland") else ()
    return [package for library, package in needed if not _loads(library)]


def why_no_window() -> str | None:
    """Return, as one line, why there can be no window here and how to get one; None if there can be one."""
    if importlib.util.find_spec("PySide6") is None:
        return "No window: PySide6 is not installed; install it with `pip install .` in the folder of this app."
    if not display_available():
        return f"No window: {_absence()}; run `stepper` on a desktop, or come in with `ssh -X`, to get one."
    missing = missing_libraries()
    if missing:
        return f"No window: libraries are missing; install them, on Debian with `apt install {' '.join(missing)}`."
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return f"No window: Qt does not start here ({error}); install what it names, then run `stepper` again."
    return None


def _absence() -> str:
    asked = os.environ.get("QT_QPA_PLATFORM", "").strip()
    if asked:
        return f"QT_QPA_PLATFORM is {asked}, which cannot show one here"
    named = [v for v in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(v)]
    if not named:
        return "there is no display"
    return " and ".join(f"{name} is {os.environ[name]}, which does not answer" for name in named)


def choose_platform() -> None:
    """Name the platform to Qt, so that it does not try one that would make it abort."""
    found = platforms()
    if found and found[0] != "system" and not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = found[0]


def x11_answers() -> bool:
    """Tell whether the X server that DISPLAY names takes us as a client."""
    display = os.environ.get("DISPLAY", "")
    match = re.fullmatch(r"(?:([\w.+-]*|\[[0-9a-fA-F:]+\]))(?:/unix)?:(\d{1,5})(?:\.\d+)?", display)
    if match is None:
        return False
    host, number = match[1].strip("[]"), int(match[2])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        reached = _connects("\0" + path) or _connects(path)
    else:
        reached = number + 6000 < 65536 and _connects((host, 6000 + number))
    return reached and _xcb_accepts(display)


def wayland_answers() -> bool:
    """Tell whether the Wayland compositor that WAYLAND_DISPLAY names can be reached."""
    name = os.environ.get("WAYLAND_DISPLAY", "")
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if not name or not (folder or name.startswith("/")):
        return False
    return _connects(str(Path(folder) / name))


def _usable(name: str) -> bool:
    if name in WITHOUT_SCREEN:
        return True
    if name == "xcb":
        return x11_answers()
    if name.startswith("wayland"):
        return wayland_answers()
    package = importlib.util.find_spec("PySide6")
    folders = package.submodule_search_locations if package is not None else None
    return any((Path(f) / "Qt/plugins/platforms" / f"libq{name}.so").exists() for f in folders or ())


def _connects(address: str | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    try:
        if isinstance(address, tuple):
            with socket.create_connection(address, PATIENCE):
                return True
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(PATIENCE)
            probe.connect(address)
            return True
    except (OSError, ValueError):
        return False


def _xcb_accepts(display: str) -> bool:
    """Do what Qt will do first: connect with the person's authority. A server may answer and still refuse."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    accepted = not xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return accepted


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
