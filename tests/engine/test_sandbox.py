"""Programs that nobody has read run cut off from this machine, or not at all."""

import os
import time
from pathlib import Path

import pytest

from tests.machine import allowed
from tunecase.engine import no_sandbox, run_sandboxed, sandbox, sandbox_problem
from tunecase.errors import InputError

needs_sandbox = pytest.mark.skipif(bool(no_sandbox()), reason=f"no sandbox on this machine: {no_sandbox()}")


def _said(source: str, limit_s: float = 10.0) -> str:
    return run_sandboxed(source, limit_s=limit_s).output.decode()


def _marked(mark: str) -> int:
    """How many processes of this machine have a mark in their command."""
    commands = (path for path in Path("/proc").glob("[0-9]*/cmdline"))
    found = 0
    for path in commands:
        try:
            found += mark.encode() in path.read_bytes()
        except OSError:
            continue
    return found


@needs_sandbox
def test_a_program_is_run_within_bounds() -> None:
    """Input, output, exit code and the standard library; output beyond 1 MB and too much memory end it."""
    ran = run_sandboxed("import json, sys; print(json.dumps(sys.stdin.read())); sys.exit(3)", "a\nü".encode())
    assert (ran.output.decode(), ran.ended, ran.code) == ('"a\\n\\u00fc"\n', "by itself", 3)
    ran = run_sandboxed("while True: print('a' * 10000)", limit_s=10.0)
    assert (ran.ended, len(ran.output)) == ("output", sandbox.MOST_OUTPUT_BYTES)
    assert _said("try:\n bytearray(1 << 30)\nexcept MemoryError:\n print('refused')") == "refused\n"


@needs_sandbox
def test_a_bomb_of_forks_ends() -> None:
    """A program cannot start more than a few processes; one that doubles itself without end is ended in its time."""
    source = """
import os, time
made = 0
for _ in range(60):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
    except OSError:
        pass
print(made)
"""
    assert 0 < int(_said(source)) < sandbox.MOST_PROCESSES
    mark = f"mark{time.time_ns()}"
    source = f"""
import os
{mark} = 1
os.setsid() if os.fork() == 0 else 0
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
    began = time.monotonic()
    assert run_sandboxed(source, limit_s=1.0).ended == "time"
    assert time.monotonic() - began < allowed(5)
    time.sleep(0.1)
    assert _marked(mark) == 0


@needs_sandbox
def test_disk_is_bounded_and_gone() -> None:
    """The scratch takes 16 MB over all files, is gone afterwards, and nothing else can be written."""
    source = """
import os
written = 0
try:
    for number in range(9):
        with open(f"/tmp/mark-of-sandbox-{number}", "wb", buffering=0) as file:
            for _ in range(8):
                written += file.write(bytes(1 << 20))
except OSError:
    pass
barred = 0
for folder in ("/", "/usr", "/usr/lib", "/dev", "/proc", os.path.dirname(os.__file__)):
    try:
        open(os.path.join(folder, "mark"), "w")
    except OSError:
        barred += 1
print(written >> 20, barred)
"""
    assert _said(source) == "16 6\n"
    assert not list(Path("/tmp").glob("mark-of-sandbox-*"))


@needs_sandbox
def test_there_is_no_network_and_no_way_out() -> None:
    """No interface but its own loopback; it cannot mount, change its root, or kill anything but itself."""
    source = """
import socket
for address in (("127.0.0.1", 9), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, 1)
    except OSError as error:
        print(error.errno)
"""
    assert _said(source) == "101\n101\n"
    source = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None), libc.unshare(0x10000000), libc.unshare(0x00020000))
for act in (lambda: os.chroot("/tmp"), lambda: os.setuid(1), lambda: os.mknod("/tmp/sda", 0o60600, os.makedev(8, 0))):
    try:
        act()
        print("allowed")
    except OSError:
        print("barred")
"""
    assert _said(source) == "-1 -1 -1\n" + "barred\n" * 3
    source = "import os\nfor each in (os.getppid(), 1, -1):\n    try: os.kill(each, 9)\n    except OSError: pass"
    run_sandboxed(source, limit_s=5.0)
    assert _said("print(1)") == "1\n"


@needs_sandbox
def test_nothing_of_the_user_is_seen(tmp_path: Path) -> None:
    """Passwords, the home, other files, other processes and the environment of the caller cannot be read."""
    secret = tmp_path / "secret"
    secret.write_text("key", encoding="utf-8")
    os.environ["TUNECASE_MARK"] = "key"
    source = f"""
import os
for path in ("/etc/shadow", "/etc/passwd", {str(secret)!r}, {str(Path(__file__))!r}, "/proc/1/root/etc/shadow"):
    try:
        print(open(path).read())
    except OSError:
        print("barred")
print("TUNECASE_MARK" in os.environ, len([each for each in os.listdir("/proc") if each.isdigit()]) < 5)
"""
    try:
        assert _said(source) == "barred\n" * 5 + "False True\n"
    finally:
        del os.environ["TUNECASE_MARK"]


def test_without_namespaces_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system or without a tool a program is refused, with the reason and what to do."""
    monkeypatch.setattr(sandbox, "TOOLS", dict.fromkeys(sandbox.TOOLS, ("no-such-tool",)))
    for system, reason in (("win32", "no namespaces on win32"), ("linux", "not found: no-such-tool")):
        sandbox._way.cache_clear()
        monkeypatch.setattr(sandbox.sys, "platform", system)
        assert reason in no_sandbox()
    sandbox._way.cache_clear()
    monkeypatch.setattr(sandbox, "no_sandbox", lambda: "not found: unshare")
    with pytest.raises(InputError, match="not found: unshare"):
        run_sandboxed("print(1)")
    assert "choose chrf" in sandbox_problem("not found: unshare").fix
