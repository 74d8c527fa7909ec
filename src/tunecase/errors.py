"""How tunecase says no: the user's mistakes are values, the world's failures one tree of exceptions.

    TunecaseError            3  something outside went wrong; the message holds a fix
    ├── InputError           2  the input cannot be read as asked; carries every Problem found
    ├── MissingExtraError         3  an optional part is not installed; says the install line
    ├── LedgerBusyError           3  another process holds the ledger's lock
    └── EndpointError             3  a hosted model did not answer

The number is the exit code of the command line; 0 is fine, 1 means that the answer is no. Any other exception is a bug
and exits with 3, so that a bug never looks like a no.
"""

import difflib
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

MOST_SHOWN = 20  # problems of one input that are shown
MOST_CHARACTERS = 600  # of each part of a problem that are shown
MOST_HELD = 5_000  # characters of each part: the longest path of any system, and no file that it quotes
MOST_NAME = 100  # characters of a name that is compared with the known ones
_EXTRA = re.compile(r"\bextra == '([\w-]+)'")  # in a requirement of the installed metadata
_LEAST, _PLAIN = re.compile(r">=[\w.]+"), re.compile(r"[\w.-]+")  # a lower bound; a name that no shell reads
_CUT = re.compile(r"… \(([\d,]+) characters\)\Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the input: where it stands, what was given, what is wanted, how to fix it.

    Each part is held as it is, up to 5,000 characters. What is shown of it is one line of at most 600 characters, with
    an escape for what cannot be printed.

    Example:
        >>> print(Problem("budget", "3k", "an amount with its currency", "write 3k USD"))
        budget: 3k; wanted an amount with its currency.
        write 3k USD
    """

    where: str
    got: str
    wanted: str
    fix: str

    def __post_init__(self) -> None:
        for name in ("where", "got", "wanted", "fix"):
            object.__setattr__(self, name, _cut(getattr(self, name), MOST_HELD))

    def __str__(self) -> str:
        return f"{printable(self.where)}: {self.told}\n{printable(self.fix)}"

    @property
    def told(self) -> str:
        """What was given and what is wanted, as one sentence."""
        given = "missing" if self.got == "nothing" else self.got
        return f"{printable(given)}; wanted {printable(self.wanted).rstrip('.')}."

    @property
    def remedy(self) -> str:
        """What to do, as a sentence; a name, an option or a path that it begins with stays as it is.

        Example:
            >>> Problem("a", "b", "c", "name the file").remedy, Problem("a", "b", "c", "data.test names it").remedy
            ('Name the file.', 'data.test names it.')
        """
        fix = printable(self.fix)
        first = fix.partition(" ")[0].rstrip(",:;")
        begun = fix[:1].upper() + fix[1:] if first.replace("-", "").isalpha() and first[0] != "-" else fix
        return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."


def printable(text: str) -> str:
    """Text as one line of at most 600 characters: what a file says must not steer a terminal, nor fill it.

    Example:
        >>> printable("a\\x1b[2J")
        'a\\\\x1b[2J'
    """
    shown = _cut(text, MOST_CHARACTERS)
    if not text or text.isspace():
        shown = repr(shown)
    elif not shown.isprintable():
        shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in shown)
    return _cut(shown, MOST_CHARACTERS)


def _cut(text: str, most: int) -> str:
    """Text of at most so many characters; one that is cut ends in how long it was, one cut before in how long then."""
    if len(text) <= most:
        return text
    before = _CUT.search(text[-50:])
    told = before[0] if before else f"… ({len(text):,} characters)"
    return text[: most - len(told)] + told


class TunecaseError(Exception):
    """Base of everything tunecase raises on purpose.

    Example:
        >>> issubclass(InputError, TunecaseError), TunecaseError.exit_code
        (True, 3)
    """

    exit_code = 3


class InputError(TunecaseError):
    """The input cannot be read as asked; holds all problems found, not only the first.

    Example:
        >>> try:
        ...     Case({"name": "tickets", "data": {"rows": 800}, "budgt": "3k USD"})
        ... except InputError as error:
        ...     error.problems[0].where, error.problems[0].fix
        ('budgt', 'did you mean budget?')
    """

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n\n".join(str(problem) for problem in first_of(self.problems)))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # Errors of workers travel between processes.
        return type(self), (self.problems,)


def refuse_any(problems: Problem | Iterable[Problem] | None) -> None:
    """Refuses the input with all problems that were found; does nothing where there is none.

    Raises:
        InputError: there is a problem.

    Example:
        >>> refuse_any([])
    """
    found = (problems,) if isinstance(problems, Problem) else tuple(problems or ())
    if found:
        raise InputError(found)


def first_of(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems that a person can read: the first 20, and how many follow.

    Example:
        >>> first_of((Problem("a:1", "x", "y", "z"),) * 100)[-1].got
        '80 further mistakes from here on'
    """
    first, rest = problems[:MOST_SHOWN], problems[MOST_SHOWN:]
    if len(rest) > 1:  # one more takes no more room than its count
        got, fix = f"{len(rest):,} further mistakes from here on", f"correct the first {MOST_SHOWN}, then run it again"
        rest = (Problem(rest[0].where, got, "none", fix),)
    return (*first, *rest)


def install_line(extra: str) -> str:
    """The command that installs what an optional part brings, into the environment that tunecase runs in.

    It names the packages of the part and not tunecase: a clone or a folder of wheels stands in no package index. Lower
    bounds are left out, since of what is missing the newest is installed. A part that the installed metadata do not
    know, such as that of a source tree on the path, is named as a part of that tree.

    Example:
        >>> install_line("parquet"), install_line("mcp")
        ('pip install pyarrow', 'pip install "mcp<3,>=2.3"')
    """
    from importlib import metadata

    try:
        wanted = metadata.requires("tunecase") or []
    except metadata.PackageNotFoundError:
        wanted = []
    of_the_part = [one.partition(";")[0].strip() for one in wanted if _EXTRA.findall(one) == [extra]]
    names = sorted(one if "<" in one else _LEAST.sub("", one) for one in of_the_part)
    if not names:
        return f'pip install -e ".[{extra}]" in the folder of tunecase\'s pyproject.toml'
    return " ".join([_installer(), *(name if _PLAIN.fullmatch(name) else f'"{name}"' for name in names)])


def _installer() -> str:
    """What installs a package beside tunecase: pipx and uv keep environments that the pip on the path does not see."""
    if "pipx" in Path(sys.prefix).parts:
        return "pipx inject tunecase"
    if find_spec("pip") is None:
        return f"uv pip install --python {shlex.quote(sys.executable)}"
    return "pip install"


class MissingExtraError(TunecaseError):
    """A feature needs an optional dependency that is not installed.

    Example:
        >>> print(MissingExtraError("reading rows.parquet", "parquet"))
        reading rows.parquet needs the optional part "parquet".
        Fix: pip install pyarrow
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.given = feature, extra
        super().__init__(f'{feature} needs the optional part "{extra}".\nFix: {install_line(extra)}')

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), self.given


class LedgerBusyError(TunecaseError):
    """Another process held the ledger's lock for too long.

    Example:
        >>> LedgerBusyError.exit_code
        3
    """


class EndpointError(TunecaseError):
    """A hosted model refuses to answer, or cannot be reached.

    `for_all` is True where no other row or prompt could fare better: a refused key, an unknown model, a used-up quota,
    nobody there.

    Example:
        >>> EndpointError("the key was refused", for_all=True).for_all
        True
    """

    def __init__(self, words: str, *, for_all: bool = False) -> None:
        super().__init__(words)
        self.for_all = for_all


def nearest(name: str, names: Sequence[str], most: int = 3, *, cutoff: float = 0.5) -> str:
    """The known names closest to `name`, as words for an error's fix.

    Example:
        >>> nearest("A100-80", ["A100-80GB", "T4"])
        'did you mean A100-80GB?'
    """
    name = name[:MOST_NAME]
    by_fold = {item.casefold(): item for item in names}
    begun = [item for item in by_fold if name and item.startswith(name.casefold())]
    close = begun[:most] or difflib.get_close_matches(name.casefold(), list(by_fold), n=most, cutoff=cutoff)
    if not close:
        return "known: " + ", ".join(sorted(names)[:12]) + (" …" if len(names) > 12 else "")
    return "did you mean " + " or ".join(by_fold[item] for item in close) + "?"


def one_of(where: str, word: str, names: Sequence[str]) -> Problem:
    """The problem of a word that is none of a few; as all of them are told, the fix tells none twice.

    Example:
        >>> one_of("--cost", "lust", ["billed", "list"]).fix, one_of("--cost", "moon", ["billed", "list"]).fix
        ('did you mean list?', 'write one of these')
    """
    fix = nearest(word, names)
    fix = "write one of these" if fix.startswith("known: ") else fix
    return Problem(where, repr(word), f"one of {', '.join(names)}", fix)
