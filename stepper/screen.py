"""Is there a display, and what does it need? Decided before Qt is loaded, because Qt aborts where there is none."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import socket
import sys
import time
from pathlib import Path

PATIENCE = 2.0
TRIES, PAUSE = 4, 0.25
NEEDED: tuple[tuple[str, str], ...] = (
    ("libGL.so.1", "libgl1"),
    ("libEGL.so.1", "libegl1"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
)
NEEDED_BY_X11: tuple[tuple[str, str], ...] = (
    ("libxcb.so.1", "libxcb1"),
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
_kept: dict[str, int] = {}
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
    path = f"/tmp/.X11-unix/X{number}"
    xcb = _libxcb()
    if host not in ("", "unix"):
        reached = number + 6000 < 65536 and _connects((host, 6000 + number))
        return reached and (xcb is None or _accepts(xcb, display))
    if xcb is None:
        return _connects("\0" + path) or _connects(path)
    for again in range(TRIES):
        if _accepts(xcb, display):
            return True
        if not (_connects("\0" + path) or _connects(path)):
            return False
        if again < TRIES - 1:
            time.sleep(PAUSE)  # a server that starts afresh, as some do when their last client goes
    return False


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


def _libxcb() -> ctypes.CDLL | None:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    return xcb


def _accepts(xcb: ctypes.CDLL, display: str) -> bool:
    """Do what Qt will do first: connect with the person's authority. A server may answer and still refuse.

    The connection is kept: some servers start afresh when their only client goes, just as Qt would come.
    """
    if display in _kept:
        return True
    connection = xcb.xcb_connect(display.encode(), None)
    if xcb.xcb_connection_has_error(connection):
        xcb.xcb_disconnect(connection)
        return False
    _kept[display] = connection
    return True


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
