"""How long every regular expression of the package takes over crafted text, in seconds a million characters.

    python benchmarks/patterns.py [--quick] [PART OF A PLACE ...]

Patterns are found in the source: each call of `re` with its pattern, worked out with the names of its module, and the
column `pattern` of the tables. Each is tried in the ways the package uses it, with texts made from the pattern itself
(what it repeats, alone and after what stands before it, with an end that does not match) and with a fixed set. The
slowest texts are tried again at larger sizes. The last line is one JSON object with the worst pattern.
"""

import ast
import builtins
import csv
import importlib
import json
import re
import signal
import sys
import time
from collections import deque
from functools import cache
from pathlib import Path
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # the only parser of these patterns
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = ROOT / "src" / "tunecase"
VERBS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")
FIRST, SIZES, QUICK_SIZES = 1_000, (64_000, 256_000, 1_000_000), (64_000,)
KEPT, MOST_ATTACKS, LONGEST_S = 2, 90, 1.0
CANDIDATES = "aA0 .-_\n\té中x1,:/\"'@=\\(<[{)>]}+*#$&%!?;|`~^\r\x00"
ENDS = ("", "!\n", "\n!")
SHOWN, BOUND = 0.1, 0.2
FINE = 50_000
FIXED = (
    "a", "A", "0", "é", "中", " ", "\n", "\t", ".", "-", "_", "/", "\\", "\"", "'", "`", "(", "[", "{", "<",
    "=", ":", "#",
    "*", "a@", "a.", "a-", "a_", "1.", "1,", "1-", "1 ", "a ", "a1", "aA0_", "https://", "https://a.b/", "www.a",
    "eyJhbGci",
    "api_key=", "token: ", "password is ", "password ", "secret_", "sk-", "ghp_", "AKIA",
    "-----BEGIN PRIVATE KEY-----\n",
    "(a|b)", "<a>", "<think>", "</think>", "```", "```\n", "\n\n", "\r\n", " \n", "- a\n", "{\"a\":", "[\"a\",",
    "\\\"", "\\u00e9",
    "a=1;", "a(b)", "def f():\n", "I'm sorry, ", "As an AI ", "the answer is ", "GB82WEST1234", "4111 1111 ",
    "+1 (555) ",
    "2001:db8:", "1.2.3.", "Aa ", "AaBb", "$1", "1/2 ", "![](", "<!--", "&#",
)  # fmt: skip


class Found(NamedTuple):
    """A pattern: the file and name or line it stands at, compiled, and the verbs it is used with."""

    place: str
    pattern: "re.Pattern[Any]"
    verbs: tuple[str, ...]


class Worst(NamedTuple):
    """The slowest text of a pattern: its seconds a million characters at its largest size, and how they grew."""

    place: str
    verb: str
    text: str
    characters: int
    seconds: float

    @property
    def per_million(self) -> float:
        """Seconds a million characters."""
        return self.seconds / self.characters * 1e6


class TooLongError(Exception):
    """A pattern ran past its time."""


def found(parts: "tuple[str, ...]" = ()) -> "list[Found]":
    """Every pattern of the package, or those of the files whose path holds one of the parts."""
    seen: dict[tuple[str, Any, int], Found] = {}
    uses = _uses(parts)
    for path in _files(parts):
        place = str(path.relative_to(SOURCE))
        tree = _tree(path)
        for name, verb, node, holder in _calls(tree):
            for pattern in _compiled(path, node, holder):
                verbs = (verb,) if verb != "compile" else tuple(uses.get((name or "", place), ())) or VERBS
                at = f"{place}:{name or node.lineno} {pattern.pattern[:20]!s}"
                seen.setdefault((place, pattern.pattern, pattern.flags), Found(at, pattern, _ways(verbs)))
    return [*seen.values()]


def _ways(verbs: "tuple[str, ...]") -> "tuple[str, ...]":
    """The ways to try: all that goes through a whole text counts as one, and holds what `search` does."""
    through = {"finditer"} if {*verbs} & {"finditer", "findall", "sub", "subn", "split"} else {*verbs} & {"search"}
    return (*through, *({*verbs} & {"fullmatch"} or {*verbs} & {"match"} - {"match" for _ in through}))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.Module) -> "Iterator[tuple[str | None, str, ast.Call, ast.AST]]":
    """Each call of `re` in a module: the name it is given to, the verb, the call and the function around it."""

    def walk(node: ast.AST, name: str | None, holder: ast.AST) -> "Iterator[tuple[str | None, str, ast.Call, ast.AST]]":
        if isinstance(node, ast.FunctionDef):
            holder = node
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if is_re and node.func.attr in (*VERBS, "compile"):
                yield (name if node.func.attr == "compile" else None), node.func.attr, node, holder
        for child in ast.iter_child_nodes(node):
            yield from walk(child, name, holder)

    return walk(tree, None, tree)


def _files(parts: "tuple[str, ...]") -> list[Path]:
    files = sorted(SOURCE.rglob("*.py"))
    return [path for path in files if not parts or any(part in str(path.relative_to(SOURCE)) for part in parts)]


@cache
def _uses(parts: "tuple[str, ...]") -> dict[tuple[str, str], set[str]]:
    """The verbs that a name is used with, in its own file and in those of the parts that import it."""
    uses: dict[str, set[str]] = {}
    homes: dict[str, set[str]] = {}
    loose: set[str] = set()
    for path in _files(parts):
        tree = _tree(path)
        for name, verb, _, _ in _calls(tree):
            if verb == "compile" and name:
                homes.setdefault(name, set()).add(str(path.relative_to(SOURCE)))
        called = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in VERBS:
                name = getattr(node.value, "id", getattr(node.value, "attr", ""))
                uses.setdefault((name, str(path.relative_to(SOURCE))), set()).add(node.attr)  # type: ignore[arg-type]
                called.add(id(node.value))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
                loose.add((node.id, str(path.relative_to(SOURCE))))  # type: ignore[arg-type]  # handed on
    merged: dict[tuple[str, str], set[str]] = {}
    for name, places in homes.items():
        for place in places:
            alone = uses.get((name, place), set()) | ({*VERBS[:4]} if (name, place) in loose else set())  # type: ignore[call-overload,comparison-overlap]
            if len(places) == 1 and not name.startswith("_"):
                alone = alone.union(*(verbs for (other, _), verbs in uses.items() if other == name))  # type: ignore[misc]
            merged[name, place] = alone
    return merged


def _compiled(path: Path, call: ast.Call, holder: ast.AST) -> "Iterator[re.Pattern[Any]]":
    """The pattern of a call; one for each row of a table; names known only when it runs stand for a word."""
    flags = 0
    for given in [*call.args[1:], *(word.value for word in call.keywords if word.arg == "flags")]:
        names = [node.attr for node in ast.walk(given) if isinstance(node, ast.Attribute) and node.attr.isupper()]
        flags |= sum(getattr(re, name) for name in names if hasattr(re, name))
    column = any(isinstance(node, ast.Constant) and node.value == "pattern" for node in ast.walk(call.args[0]))
    if column:
        tables = [
            node.args[0].value
            for node in ast.walk(holder)
            if isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "read_table"
            and isinstance(node.args[0], ast.Constant)
        ]
        for table in tables:
            with (SOURCE / "catalog" / "tables" / f"{table}.csv").open(encoding="utf-8") as lines:
                yield from (re.compile(row["pattern"], flags) for row in csv.DictReader(lines))
        return
    dotted = ".".join(("tunecase", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    known = vars(importlib.import_module(dotted))
    text = _text(call.args[0], known)
    if not isinstance(text, re.Pattern):
        yield re.compile(text, flags)


def _text(node: ast.expr, known: dict[str, Any]) -> Any:
    unknown = {
        name.id: "word"
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and name.id not in known and not hasattr(builtins, name.id)
    }
    unknown |= {"key": b"word"} if isinstance(node, ast.BinOp) and "key" in unknown else {}
    try:
        return eval(compile(ast.Expression(node), "pattern", "eval"), {**known, **unknown})
    except (AttributeError, KeyError, TypeError, IndexError):
        return "word"


def attacks(pattern: "re.Pattern[Any]") -> list[tuple[str, str]]:
    """(what stands first, what is repeated) for texts that a pattern may be slow on, made from its own parts."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = _parser.parse(source, pattern.flags & ~(0 if isinstance(pattern.pattern, str) else re.ASCII))
    maker = _Maker(tree, pattern.flags)
    made: dict[tuple[str, str], None] = {}
    whole = maker.sample(tree)
    for text in (whole, whole[:-1], whole[1:], whole + "\n", whole + " ", whole + "!", whole[:-1] + " "):
        made["", text] = None
    pumps = [*maker.pumps(tree, "")]
    for before, pumped in pumps:
        for text in (
            (before, pumped),
            ("", pumped),
            ("", before + pumped),
            ("", before + pumped * 3 + " "),
            ("", before + pumped * 30),
            ("", before + pumped * 250 + "\x00"),
            ("", before),
        ):
            made[text] = None
    units = [*dict.fromkeys(pumped for _, pumped in pumps)][:8]
    for one in units:
        for other in units:
            made["", one + other] = None
    return [text for text in made if text[1]][:MOST_ATTACKS]


class _Maker:
    """Makes text that parts of a pattern match."""

    def __init__(self, tree: Any, flags: int) -> None:
        self.state, self.flags = tree.state, flags
        self.singles = [node for node in self._nodes(tree) if node[0] in _SINGLE]
        scores = {char: sum(self._takes(node, char) for node in self.singles) for char in CANDIDATES}
        self.candidates = sorted(CANDIDATES, key=lambda char: -scores[char])

    def _nodes(self, tree: Any) -> "Iterator[Any]":
        for node in tree:
            yield node
            for part in _parts(node):
                yield from self._nodes(part)

    def _takes(self, node: Any, char: str) -> bool:
        return bool(self._one(repr(node), node).fullmatch(char))

    def _one(self, key: str, node: Any) -> "re.Pattern[str]":
        cached = self.__dict__.setdefault("_cache", {})
        if key not in cached:
            sub = _parser.SubPattern(self.state, [node])
            cached[key] = _compiler.compile(sub, self.flags & re.IGNORECASE | re.DOTALL)
        return cached[key]  # type: ignore[no-any-return]

    def chars(self, node: Any) -> list[str]:
        """Characters that one part matches, those first that other parts match too."""
        if node[0] is _constants.LITERAL:
            return [chr(node[1])]
        found = [char for char in self.candidates if self._takes(node, char)]
        if not found and node[0] is _constants.IN:
            found = [
                chr(item[1] if item[0] is _constants.LITERAL else item[1][0])
                for item in node[1]
                if item[0] in (_constants.LITERAL, _constants.RANGE)
            ][:2]
        return found or ["a"]

    def sample(self, tree: Any) -> str:
        """A short text that a sequence matches, each repeat as short as it may be, but not empty."""
        return "".join(self._sample(node) for node in tree)

    def _sample(self, node: Any) -> str:
        kind, value = node
        if kind in _SINGLE:
            return self.chars(node)[0]
        if kind in _REPEATS:
            return self.sample(value[2]) * min(max(value[0], 1), 40)
        if kind is _constants.BRANCH:
            return self.sample(value[1][0])
        if kind is _constants.SUBPATTERN:
            return self.sample(value[-1])
        if kind is _constants.ATOMIC_GROUP:
            return self.sample(value)
        return ""

    def pumps(self, tree: Any, before: str) -> "Iterator[tuple[str, str]]":
        """(what stands before, what is repeated) for each repeat, in whichever order they stand."""
        for node in tree:
            kind, value = node
            if kind in _REPEATS and value[1] >= 8:
                body = value[2]
                if len(body) == 1 and body[0][0] in _SINGLE:
                    yield from ((before, char) for char in self.chars(body[0])[:5])
                else:
                    yield before, self.sample(body)
            for part in _parts(node):
                yield from self.pumps(part, before)
            before += self._sample(node)


_SINGLE = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY)
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def _parts(node: Any) -> list[Any]:
    kind, value = node
    if kind in _REPEATS:
        return [value[2]]
    if kind is _constants.BRANCH:
        return list(value[1])
    if kind is _constants.SUBPATTERN:
        return [value[-1]]
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    if kind is _constants.ATOMIC_GROUP:
        return [value]
    return []


def seconds(pattern: "re.Pattern[Any]", verb: str, text: str, longest_s: float = LONGEST_S) -> float:
    """Seconds of this process that one use of a pattern takes; `longest_s` where it took longer."""
    clock = time.process_time if len(text) >= FINE else time.perf_counter  # a process's time comes in steps
    given: Any = text if isinstance(pattern.pattern, str) else text.encode()
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, longest_s)
    begun = clock()
    try:
        try:
            if verb in ("finditer", "findall", "sub", "subn", "split"):
                deque(pattern.finditer(given), maxlen=0)
            else:
                getattr(pattern, verb)(given)
        finally:  # within the outer `try`: the alarm may ring while it is being switched off
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooLongError:
        return longest_s
    return clock() - begun


def _stop(*_: object) -> None:
    raise TooLongError


def worst(one: Found, sizes: "tuple[int, ...]" = SIZES, enough: float = 5.0, most: int = 10**6) -> Worst:
    """The slowest of the first `most` texts for a pattern. Sizes above one that takes `enough` are left out."""
    tried = []
    for first, repeated in [*attacks(one.pattern), *(("", text) for text in FIXED)][:most]:
        for end in ENDS:
            for verb in one.verbs:
                text = _long(first, repeated, end, FIRST)
                tried.append((seconds(one.pattern, verb, text, 0.01), verb, first, repeated, end))
    tried.sort(key=lambda trial: -trial[0])
    took, verb, first, repeated, end = tried[0]
    slowest = Worst(one.place, verb, repr((first, repeated, end))[:120], FIRST, took)
    for size in sizes:
        if slowest.per_million > enough and slowest.characters > FIRST:
            break
        found, longest_s = [], min(LONGEST_S, max(0.1, 4 * enough * size / 1e6))
        for _, verb, first, repeated, end in tried[:KEPT]:
            text = _long(first, repeated, end, size)
            took = seconds(one.pattern, verb, text, longest_s)
            if took > enough * size / 1e6:
                took = min(took, seconds(one.pattern, verb, text, longest_s))  # the machine may have been busy
            found.append(Worst(one.place, verb, repr((first, repeated, end))[:120], size, took))
        slowest = max(found, key=lambda each: each.per_million)
    return slowest


def _long(first: str, repeated: str, end: str, size: int) -> str:
    return first + repeated * max(1, (size - len(first)) // len(repeated)) + end


def main() -> None:
    """Prints each pattern that takes more than SHOWN seconds a million characters, and the worst as JSON."""
    quick = "--quick" in sys.argv
    parts = tuple(word for word in sys.argv[1:] if not word.startswith("-"))
    patterns = found(parts)
    measured = []
    for pattern in patterns:
        measured.append(one := worst(pattern, QUICK_SIZES if quick else SIZES))
        if one.per_million > SHOWN:
            print(
                f"{one.per_million:9.2f} s/M at {one.characters:>9,}  {one.place}  {one.verb}  {one.text}", flush=True
            )
    top = max(measured, key=lambda one: one.per_million)
    print(
        json.dumps(
            {
                "patterns": len(patterns),
                "over_0.2_s_per_million": sum(one.per_million > 0.2 for one in measured),
                "worst_s_per_million": round(top.per_million, 3),
                "worst": top.place,
            }
        )
    )


if __name__ == "__main__":
    main()
