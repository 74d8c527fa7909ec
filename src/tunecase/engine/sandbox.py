"""Runs a program that nobody has read, cut off from this machine: no network, no files of the user, bounded in all.

A sandbox is namespaces of Linux, started anew for each program: its own users, processes, network and mounts. It sees
/usr, this Python and a scratch /tmp of 16 MB, all but the scratch read-only, and nothing else of the machine; an own
/proc; no privilege and no way to further namespaces; bounds on time, memory, processes, files and output. `unshare`
makes it, or bubblewrap (`bwrap`) on a system that lets only that program. Where neither can, nothing is run.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tunecase.errors import InputError, Problem

LIMIT_S = 10.0  # of one program, wall clock
SPARE_S = 5.0  # after which a sandbox ends by itself, should nobody be left to end it
MOST_OUTPUT_BYTES = 1 << 20
MOST_MEMORY_BYTES = 512 << 20  # of one process
MOST_PROCESSES = 8
MOST_FILE_BYTES = SCRATCH_BYTES = 16 << 20
NOBODY = 65534
UNSHARE, BWRAP = "unshare", "bwrap"
TOOLS = {
    UNSHARE: ("sh", "unshare", "mount", "umount", "pivot_root", "prlimit", "setpriv", "timeout"),
    BWRAP: ("bwrap", "prlimit", "timeout"),
}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_PROBE = "import os; print(os.getpid() < 9, os.path.exists('/etc'), os.listdir('/tmp'))"

Ended = Literal["by itself", "time", "output"]

# $1 is a folder to build in, $2 what drops the user, $3 the next script; then what to mount, "--", and what to run.
_BUILD = """
set -e
new=$1 drop=$2 then=$3; shift 3
mount --make-rprivate /
mount -t tmpfs -o size=1m,mode=755 tmpfs "$new"
cd "$new"
mkdir -p proc dev tmp old
while [ "$1" != -- ]; do
  if [ -L "$1" ]; then ln -s "$(readlink "$1")" ".$1"; else
    mkdir -p ".$1"; mount --bind "$1" ".$1"; mount -o remount,bind,ro,nosuid,nodev ".$1"; fi
  shift
done; shift
for each in null zero urandom; do : > dev/$each; mount --bind /dev/$each dev/$each; done
mount --rbind /proc proc
mount -t tmpfs -o size=SCRATCH,mode=1777,nosuid,nodev tmpfs tmp
pivot_root . old
umount -l /old; rmdir /old
mount -o remount,ro,mode=755 tmpfs /
cd /tmp
exec $drop unshare --user --map-root-user --net --pid --ipc --uts --cgroup --mount --fork --kill-child \
  sh -c "$then" sh "$@"
"""
_ENTER = """
set -e
echo 0 > /proc/sys/user/max_user_namespaces
mount -t proc -o nosuid,nodev,noexec proc /proc 2>/dev/null ||
  mount -t tmpfs -o ro,size=4k tmpfs /proc
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program wrote to its standard output, and how it came to an end; `code` is its exit code, 0 where well."""

    output: bytes
    ended: Ended
    code: int


def run_sandboxed(source: str, given: bytes = b"", limit_s: float = LIMIT_S) -> Ran:
    """Runs a Python program in a sandbox of its own, with the standard library and nothing else.

    Args:
        source: the program.
        given: what it reads on its standard input.
        limit_s: wall clock, after which it and all that it started are killed.
    Returns: Ran. What it writes to standard error is dropped; beyond 1 MB of output it is killed.
    Raises: InputError where this machine has no sandbox (see `no_sandbox`).

    Source: Linux man pages user_namespaces(7), pid_namespaces(7), pivot_root(2), getrlimit(2).
    Leaves out faults of the kernel, which a hostile program may use, and memory in all: 8 processes of 512 MB.
    """
    if reason := no_sandbox():
        raise InputError(sandbox_problem(reason))
    return _run(_way()[0], source, given, limit_s)


def no_sandbox() -> str:
    """Why this machine cannot run a program cut off from itself; empty where it can, which a small program tries."""
    return _way()[1]


@cache
def _way() -> tuple[str, str]:
    """What makes a sandbox here, and "", or "" and why nothing does."""
    if sys.platform != "linux":
        return "", f"no namespaces on {sys.platform}"
    reasons = []
    # Bounds on processes do not hold for root, who must become nobody first: bubblewrap then does not see its Python.
    for way in (UNSHARE,) if os.geteuid() == 0 else (UNSHARE, BWRAP):
        if lacking := [tool for tool in TOOLS[way] if shutil.which(tool, path=PATH) is None]:
            reasons.append(f"not found: {', '.join(lacking)}")
        elif _run(way, _PROBE, b"", LIMIT_S).output == b"True False []\n":
            return way, ""
        else:
            reasons.append(f"{way} may make no namespaces")
    return "", "; ".join(reasons)


def sandbox_problem(reason: str) -> Problem:
    """The refusal to run code, with what to do about it."""
    wanted = "Linux that lets a user make namespaces, and util-linux 2.38 or newer"
    fix = "run it on such a machine (kernel.unprivileged_userns_clone=1), or choose chrf or exact_match as the metric"
    return Problem("pass_at_1: sandbox", reason, wanted, fix)


def _run(way: str, source: str, given: bytes, limit_s: float) -> Ran:
    program = [_python(), "-I", "-S", "-X", "utf8", "-c", source]
    with subprocess.Popen(  # noqa: S603
        _command(way, program, limit_s), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": PATH, "HOME": "/tmp", "LC_ALL": "C.UTF-8"}, cwd="/", start_new_session=True,  # noqa: S108
    ) as process:  # fmt: skip
        try:
            output, ended = _exchange(process, given, time.monotonic() + limit_s)
        finally:
            # The first process goes with the one that waits for it, and with the first all others.
            process.send_signal(signal.SIGKILL) if process.poll() is None else None
        code = process.wait()
    return Ran(output, ended, code)


def _exchange(process: "subprocess.Popen[bytes]", given: bytes, until: float) -> tuple[bytes, Ended]:
    """Feeds a process and gathers what it writes, until it closes its output, time is up, or it writes too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    output, left = bytearray(), memoryview(given)
    for pipe in (process.stdin, process.stdout):
        os.set_blocking(pipe.fileno(), False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        waiting.register(process.stdin, selectors.EVENT_WRITE)
        while (rest_s := until - time.monotonic()) > 0:
            for key, _ in waiting.select(rest_s):
                if key.fileobj is process.stdout:
                    piece = os.read(key.fd, 1 << 16)
                    output += piece
                    if len(output) > MOST_OUTPUT_BYTES:
                        return bytes(output[:MOST_OUTPUT_BYTES]), "output"
                    if not piece:
                        return bytes(output), _waited(process, until)
                else:
                    left = _fed(key.fd, left)
                    if not left:
                        waiting.unregister(process.stdin)
                        process.stdin.close()
    return bytes(output), "time"


def _fed(pipe: int, left: memoryview) -> memoryview:
    """What is left to write after one write; nothing where nobody reads any more."""
    try:
        return left[os.write(pipe, left) :] if left else left
    except BrokenPipeError:
        return left[:0]


def _waited(process: "subprocess.Popen[bytes]", until: float) -> Ended:
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return "time"
    return "by itself"


def _command(way: str, program: list[str], limit_s: float) -> list[str]:
    """The whole command: what makes the sandbox, then the bounds of the program, then the program."""
    bounded = [
        "timeout", "-s", "KILL", str(limit_s + SPARE_S),
        "prlimit", f"--cpu={int(limit_s) + 1}", f"--as={MOST_MEMORY_BYTES}", f"--fsize={MOST_FILE_BYTES}",
        f"--nproc={MOST_PROCESSES}", "--core=0", "--nofile=64", "--memlock=0", "--msgqueue=0",
    ]  # fmt: skip
    if way == BWRAP:  # which leaves no privilege to drop
        return [*_bwrap(), *bounded, *program]
    return [*_unshare(), *bounded, "setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", *program]


def _unshare() -> list[str]:
    root = os.geteuid() == 0
    first = ["unshare", "--mount"] if root else ["unshare", "--user", "--map-root-user", "--mount"]
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups" if root else ""
    build = _BUILD.replace("SCRATCH", str(SCRATCH_BYTES))
    return [*first, "sh", "-c", build, "sh", "/tmp", drop, _ENTER, *_shown(), "--"]  # noqa: S108


def _bwrap() -> list[str]:
    shown = [
        part
        for path in map(Path, _shown())
        for part in (("--symlink", str(path.readlink())) if path.is_symlink() else ("--ro-bind", str(path)))
        + (str(path),)
    ]
    return [
        "bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session",
        *shown, "--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp",  # noqa: S108
        "--remount-ro", "/", "--chdir", "/tmp", "--",  # noqa: S108
    ]  # fmt: skip


def _python() -> str:
    """The interpreter itself, behind the links of a virtual environment."""
    return str(Path(sys.executable).resolve())


def _shown() -> list[str]:
    """The folders that a sandbox shows: the system's programs, and this Python where it lies elsewhere."""
    system = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64") if Path(path).exists()]
    own = {str(Path(path).resolve()) for path in (sys.base_prefix, sys.base_exec_prefix)}
    return [*system, *sorted(path for path in own if not Path(path).is_relative_to("/usr"))]
