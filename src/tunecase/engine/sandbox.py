"""Runs a program that nobody has read, cut off from this machine: no network, no files of the user, bounded in all.

A sandbox is namespaces of Linux, started anew for each program: its own users, processes, network and mounts. It sees
/usr, this Python and a scratch /tmp of 16 MB, all but the scratch read-only, and nothing else of the machine; an own
/proc; no privilege and no way to further namespaces; bounds on time, memory, processes, files and output. Where they
cannot be had, nothing is run.
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
TOOLS = ("sh", "unshare", "mount", "umount", "pivot_root", "prlimit", "setpriv", "timeout")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

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
exec timeout -s KILL SECONDS prlimit --cpu=CPU --as=MEMORY --fsize=FILE --nproc=PROCESSES \
  --core=0 --nofile=64 --memlock=0 --msgqueue=0 \
  setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
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
    return _run(source, given, limit_s)


@cache
def no_sandbox() -> str:
    """Why this machine cannot run a program cut off from itself; empty where it can, which a small program tries."""
    if sys.platform != "linux":
        return f"no namespaces on {sys.platform}"
    if lacking := [tool for tool in TOOLS if shutil.which(tool, path=PATH) is None]:
        return f"not found: {', '.join(lacking)}"
    try:
        ran = _run("import os; print(os.getpid() < 9, os.path.exists('/etc'), os.listdir('/tmp'))", b"", LIMIT_S)
    except OSError as error:
        return f"it does not start: {error}"
    return "" if ran.output == b"True False []\n" else "this machine allows no user namespaces"


def sandbox_problem(reason: str) -> Problem:
    """The refusal to run code, with what to do about it."""
    wanted = "Linux that lets a user make namespaces, and util-linux 2.38 or newer"
    fix = "run it on such a machine (kernel.unprivileged_userns_clone=1), or choose chrf or exact_match as the metric"
    return Problem("pass_at_1: sandbox", reason, wanted, fix)


def _run(source: str, given: bytes, limit_s: float) -> Ran:
    program = [_python(), "-I", "-S", "-X", "utf8", "-c", source]
    with subprocess.Popen(  # noqa: S603
        _command(program, limit_s), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
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


def _command(program: list[str], limit_s: float) -> list[str]:
    """The whole command: mounts first, then the namespaces of the program, then its bounds."""
    bounds = {
        "CPU": int(limit_s) + 1, "MEMORY": MOST_MEMORY_BYTES, "FILE": MOST_FILE_BYTES, "PROCESSES": MOST_PROCESSES,
    }  # fmt: skip
    build, enter = _BUILD.replace("SCRATCH", str(SCRATCH_BYTES)), _ENTER
    enter = enter.replace("SECONDS", str(limit_s + SPARE_S))
    for name, bound in bounds.items():
        enter = enter.replace(f"={name} ", f"={bound} ")
    # Bounds on processes do not hold for root, so that root becomes nobody.
    root = os.geteuid() == 0
    first = ["unshare", "--mount"] if root else ["unshare", "--user", "--map-root-user", "--mount"]
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups" if root else ""
    return [*first, "sh", "-c", build, "sh", "/tmp", drop, enter, *_shown(), "--", *program]  # noqa: S108


def _python() -> str:
    """The interpreter itself, behind the links of a virtual environment."""
    return str(Path(sys.executable).resolve())


def _shown() -> list[str]:
    """The folders that a sandbox shows: the system's programs, and this Python where it lies elsewhere."""
    system = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64") if Path(path).exists()]
    own = {str(Path(path).resolve()) for path in (sys.base_prefix, sys.base_exec_prefix)}
    return [*system, *sorted(path for path in own if not Path(path).is_relative_to("/usr"))]
