"""Which commands of tunecase a page shows, in the order of the page.

A page shows a command in a block or in a sentence, and there without `tunecase` too where an option follows. In a table
of options each of them belongs to the command that its row begins with, or else to the one at the head of the table.
"""

import re
from collections.abc import Collection, Iterator

LINE = re.compile(r"^(?:\$ )?((?:[a-z]+ [^|\n]*\| )?tunecase [a-z].*)$")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
CELL = re.compile(r"^\| (`[^|]*`[^|]*) \|")


def shown_on(text: str, paths: Collection[str]) -> list[str]:
    """Every command of a page, as often as it stands there; `paths` are all commands, such as "audit" or "spend add".

    Example:
        >>> shown_on("Try `tunecase run`, `spend list`, `run --full` or `x`.", ["run", "spend list"])
        ['tunecase run', 'tunecase spend list', 'tunecase run --full']
        >>> shown_on("| `tunecase audit` | does |\\n|---|---|\\n| `FILE`, `--fast` | reads |", ["audit"])
        ['tunecase audit', 'tunecase audit FILE', 'tunecase audit --fast']
    """
    return list(_shown(text, paths))


def _shown(text: str, paths: Collection[str]) -> Iterator[str]:
    fenced, head, above = False, "", ""
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        if fenced:
            yield from (found.split("  ")[0] for found in LINE.findall(line))
        elif not line.startswith("|"):
            yield from _in_code(line, paths, "")
        else:
            if not above.startswith("|"):
                cell = CELL.match(line)
                head = next(_in_code(cell[1], paths, ""), "") if cell else ""
            yield from _in_row(line, paths, head if above.startswith("|") else "")
        above = line


def _in_row(line: str, paths: Collection[str], head: str) -> Iterator[str]:
    """What a row shows: words alone in its first cell are arguments of the command at the head of the table."""
    cell = CELL.match(line := line.replace("\\|", "\0"))
    own = next(_in_code(cell[1], paths, ""), "") if cell else ""
    command = _path(own or head, paths) if cell else ""
    for code in CODE.findall(cell[1]) if cell else ():
        yield from list(_in_code(f"`{code}`", paths, command)) or ([f"{command} {code}"] if head and not own else [])
    yield from _in_code(line[cell.end() if cell else 0 :], paths, command)


def _path(command: str, paths: Collection[str]) -> str:
    """The command without what follows its name; "" where it is none."""
    words = command.split()[1:3]
    return next((f"tunecase {path}" for path in (" ".join(words), *words[:1]) if path in paths), "")


def _in_code(line: str, paths: Collection[str], command: str) -> Iterator[str]:
    """The commands in the code of a line; an option alone there belongs to `command`, if there is one."""
    for found in CODE.findall(line):
        code = found.replace("\0", "|")
        words = code.split()
        if re.search(r"^tunecase [a-zA-Z]|\| tunecase ", code):
            yield code
        elif (" ".join(words[:2]) in paths and len(words) > 1) or (words[:1] and words[0] in paths and " --" in code):
            yield f"tunecase {code}"
        elif command and code.startswith("--"):
            yield f"{command} {code}"
