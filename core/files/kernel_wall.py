"""What the kernel of Linux lets the reading process do: a filter of its system calls (seccomp), which also holds root and C code.

Nothing that makes, changes or removes a file, starts a process, opens a socket, or reaches another process gets through:
it ends in the error EPERM. A filter can never be taken away again. Other systems have none; there the guard and the limits
of the operating system are what there is.
Sources: "Seccomp BPF (SECure COMPuting with filters)" in the kernel's documentation; numbers of system calls from its tables
`syscall_64.tbl` and `asm-generic/unistd.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_MACHINES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
"""The machine's number in a filter, and which column of the tables counts."""
_REFUSED: dict[str, tuple[int, int]] = {
    # processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1), "kill": (62, 129), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "unshare": (272, 97), "setns": (308, 268),
    # sockets, shared memory, queues, and ways around all of this
    "socket": (41, 198), "socketpair": (53, 199), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "memfd_create": (319, 279), "io_uring_setup": (425, 425), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "add_key": (248, 217), "keyctl": (250, 219),
    # files
    "creat": (85, -1), "openat2": (437, 437), "open_by_handle_at": (304, 265), "rename": (82, -1), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "unlink": (87, -1),
    "unlinkat": (263, 35), "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36),
    "mknod": (133, -1), "mknodat": (259, 33), "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
    "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "utime": (132, -1), "utimes": (235, -1),
    "futimesat": (261, -1), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "chroot": (161, 51), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
}  # fmt: skip
_OPEN, _OPENAT, _CLONE, _TGKILL, _CLONE3 = (2, -1), (257, 56), (56, 220), (234, 131), 435
_THREAD = 0x10000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NO_NEW_PRIVILEGES, _SET_FILTER, _BY_PROGRAM = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16


def raise_wall() -> bool:
    """Refuse what only harms, from now on and for good; tells whether this system can do that."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return False
    program = _program(*_MACHINES[platform.machine()], os.getpid())
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are.
    filter_ = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong)
    return prctl(_NO_NEW_PRIVILEGES, 1, None, 0, 0) == 0 and prctl(_SET_FILTER, _BY_PROGRAM, filter_, 0, 0) == 0


def _program(machine: int, column: int, pid: int) -> bytes:
    """Return the filter: instructions of classic BPF over the number of a system call and the lower halves of its arguments."""

    def refuse(code: int = errno.EPERM) -> tuple[int, int, int, int]:
        return (_RETURN, 0, 0, _ERROR | code)

    def argument(n: int) -> tuple[int, int, int, int]:
        return (_LOAD, 0, 0, _ARGUMENTS + 8 * n)

    allow = (_RETURN, 0, 0, _ALLOW)
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if column == 0:
        steps += [(_AT_LEAST, 0, 1, 0x4000_0000), (_RETURN, 0, 0, _KILL)]  # another way to say the same calls: x32
    for numbers in _REFUSED.values():
        if numbers[column] >= 0:
            steps += [(_EQUAL, 0, 1, numbers[column]), refuse()]
    # The C library starts its threads by the older call where this one is not known.
    steps += [(_EQUAL, 0, 1, _CLONE3), refuse(errno.ENOSYS)]
    for numbers, n in ((_OPEN, 1), (_OPENAT, 2)):
        if numbers[column] >= 0:
            steps += [(_EQUAL, 0, 4, numbers[column]), argument(n), (_ANY_BIT, 0, 1, _WRITING), refuse(), allow]
    steps += [(_EQUAL, 0, 4, _CLONE[column]), argument(0), (_ANY_BIT, 1, 0, _THREAD), refuse(), allow]
    steps += [(_EQUAL, 0, 4, _TGKILL[column]), argument(0), (_EQUAL, 1, 0, pid), refuse(), allow]
    return b"".join(struct.pack("=HBBI", *step) for step in [*steps, allow])
