"""Valid inputs changed: a value, a key, a line, a byte, an encoding; by what the file is, then as bytes alone."""

import copy
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.fuzz.surface import Tree

Draw = Callable[[st.SearchStrategy[Any]], Any]

# JSON text that no value of Python writes; as a value it stands for itself.
RAW = (
    "1e999", "-1e999", "NaN", "-Infinity", "-0", "1E400", "0.1e-400", "9" * 30, "9" * 5_000, "1." + "3" * 400,
    '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '{"a":1,"a":2}', "[" * 200 + "]" * 200, "[" * 5_000 + "]" * 5_000,
    '{"a":' * 2_000 + "1" + "}" * 2_000, "[1,]", "tru", '"open', "0x10", "01", "'a'", "", "//", "{}{}",
)  # fmt: skip
WORDS = (
    "", " ", "\t", "\n", "\r\n", "\0", "\x1b[31mred\x1b[0m", "\u202eabc", "\u200b", "\ufeff", "\u2028", "\x85", "\x07",
    "a" * 3_000, "é" * 300, "😀", "e\u0301", "ﬀ", "İ", "ß", "１２", "٣", "½", "−5", "²", "Ⅷ", "一二",
    "nan", "inf", "-inf", "1e999", "-1", "0", "-0", "1e-400", "1_000", "1,000", "1.000,5", "0x1f", "1/0", "9" * 400,
    "12k to 5k", "5 to", "to", "5k ± 3k", "140%", "-3%", "%", "5 USD", "5 XYZ", "USD", "5 USD per", "5 USD per month",
    "1e300 USD per correct", "0.0000001 USD per correct", "20k per month", "1 to 2 min per label", "5 EUR per hour",
    "2026-11-28", "2026-13-45", "0000-00-00", "9999-12-31", "2026-02-30T25:61:61Z", "1969-12-31T23:59:59.999999-23:59",
    "2026-11-02 08:00:00", "11/12/2026", "24:00", "1:30:00", "99999999999999999999",
    "=1+1", "+cmd|'/c calc'!A0", "@SUM(A1)", "<script>", "[x](javascript:1)", "{{ 7*7 }}", "${HOME}", "%s%n", "\\", "`",
    "../../etc/passwd", "/etc/passwd", "/dev/zero", "..", ".", "~", "a/../b", "C:\\x", "file:///etc/passwd", "a\0b",
    "http://127.0.0.1:1/x", "::", "x::y", "train.jsonl::train", "null", "true", "yes", "none", "user", "assistant",
    "*", "&a", "!!python/object:os.system", "- a", "a: b", "a:", "{a", "[a", "'", '"', "|", ">", "%YAML 1.2", "---",
    "{}", "[]", "{\"a\": 1}", "[[1, 2], [3]]", "B-PER", "O", "auto", "H100", "A100-80GB", "meta-llama/Llama-3.1-8B",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 7, 255, 65_536, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**18, 10**30, 10**400, 0.0, -0.0, 0.5, 1.5,
    1e-320, 1e17, 1e308, -1e308, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
SPLICES = (
    b"", b"\0", b"\0\0\0\0", b"\xff", b"\xff\xff\xff\x7f", b"\xfe\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\x80",
    b"\xef\xbb\xbf",
    b"\n", b"\r", b"\r\n", b"\x0c", b"\x1a", b"\x1b", b'"', b"'", b",", b";", b"\t", b"{", b"}", b"[", b"]", b":",
    b"\\",
    b"\\u", b"\\ud800", b"-", b"#", b"*a", b"&a ", b"!t ", b"<<: ", b"%", b"PAR1", b"ARROW1", b"\x1f\x8b\x08", b"1e999",
    b"9" * 500, b"[" * 2_000, b"{" * 20, b"<|im_end|>", b"-DOCSTART-", b"\xe2\x80\xae", b"NaN", b"null",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7")

words = st.sampled_from(WORDS)
numbers = st.sampled_from(NUMBERS)
scalars = st.one_of(words, numbers, st.sampled_from((None, True, False)), st.text(max_size=20), st.integers())
values: st.SearchStrategy[Any] = st.one_of(
    scalars,
    st.sampled_from(([], {}, [[]], [{}], [None], {"": ""}, [[1], "a"], {"a": {"b": []}}, ["a", 1, None])),
    st.lists(scalars, max_size=3),
    st.dictionaries(st.one_of(words, st.text(max_size=5)), scalars, max_size=3),
).map(copy.deepcopy)  # what is drawn may be changed later


class Raw:
    """A piece of text that stands in JSON as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*at, key)
        yield from places(each, (*at, key))


def _inside(value: Any, at: Sequence[Any]) -> Any:
    for key in at:
        value = value[key]
    return value


def changed_value(draw: Draw, value: Any) -> Any:
    """A value of JSON with one place changed: another value, no value, another key, moved, wrapped or twice."""
    all_places = list(places(value))[:3_000]
    if not all_places or draw(st.integers(0, 30)) == 0:
        return draw(values)
    at = draw(st.sampled_from(all_places))
    holder, key = _inside(value, at[:-1]), at[-1]
    act = draw(st.sampled_from(("set", "set", "set", "raw", "drop", "name", "move", "wrap", "twice", "add", "number")))
    if act == "set":
        holder[key] = draw(values)
    elif act == "number":
        holder[key] = draw(numbers)
    elif act == "raw":
        holder[key] = Raw(draw(st.sampled_from(RAW)))
    elif act == "drop":
        del holder[key]
    elif act == "move":
        holder[key] = json.loads(json.dumps(_inside(value, draw(st.sampled_from(all_places))), default=lambda _: None))
    elif act == "wrap":
        holder[key] = draw(st.sampled_from((lambda each: [each], lambda each: {"a": each}, str)))(holder[key])
    elif isinstance(holder, list):
        holder.insert(key, draw(values) if act == "add" else holder[key])
    else:
        name = draw(st.one_of(words, st.sampled_from([str(place[-1]) for place in all_places])))
        holder[name] = draw(values) if act == "add" else holder.pop(key) if act == "name" else holder[key]
    return value


def as_json(value: Any, **how: Any) -> str:
    """JSON text, with raw pieces as they are and numbers of any length."""
    pieces: list[str] = []

    def stand_in(raw: Any) -> str:
        pieces.append(raw.text if isinstance(raw, Raw) else '""')
        return f"\x01{len(pieces) - 1}\x01"

    text = json.dumps(value, default=stand_in, **how)
    for number, piece in enumerate(pieces):
        text = text.replace(f'"\\u0001{number}\\u0001"', piece).replace(f'"\x01{number}\x01"', piece)
    return text


def _json(draw: Draw, text: str) -> str:
    value = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        value = changed_value(draw, value)
    return as_json(value, ensure_ascii=draw(st.booleans()))


def _json_lines(draw: Draw, text: str) -> str:
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        try:
            lines[at] = as_json(changed_value(draw, json.loads(lines[at])))
        except (ValueError, RecursionError):
            lines[at] = draw(words)
    return "\n".join(lines)


def _yaml(draw: Draw, text: str) -> str:
    """By the tree, written in YAML's flow style; the lines are changed elsewhere."""
    value = yaml.load(text, yaml.BaseLoader)
    for _ in range(draw(st.integers(1, 3))):
        value = changed_value(draw, value)
    if not isinstance(value, dict):
        return as_json(value)
    return "".join(f"{as_json(key) if draw(st.booleans()) else key}: {as_json(each)}\n" for key, each in value.items())


def _table(draw: Draw, text: str) -> str:
    delimiter = "\t" if "\t" in text.split("\n")[0] else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter)) or [[]]
    for _ in range(draw(st.integers(1, 4))):
        row = rows[draw(st.sampled_from((0, *range(len(rows)))))]
        at = draw(st.integers(0, max(len(row) - 1, 0)))
        act = draw(st.sampled_from(("set", "set", "set", "drop", "add", "twice")))
        if act == "set" and row:
            row[at] = draw(words)
        elif act == "drop":
            del row[at : at + 1]
        else:
            row.insert(at, draw(words) if act == "add" or not row else row[at])
    out = io.StringIO()
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE)))
    csv.writer(out, delimiter=draw(st.sampled_from((delimiter, delimiter, ",", ";", "\t", "|"))), quoting=quoting,
               escapechar="\\").writerows(rows)  # fmt: skip
    return out.getvalue()


def _lines(draw: Draw, text: str) -> str:
    """Any text: a line gone, twice, moved, indented, cut, or with another word after its colon or blank."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        act = draw(st.sampled_from(("word", "word", "after", "drop", "twice", "move", "indent", "cut", "join")))
        line = lines[at]
        if act == "word":
            lines[at] = draw(words)
        elif act == "after":
            head, sep, _ = line.partition(draw(st.sampled_from((":", " ", "=", "- ", "\t"))))
            lines[at] = head + sep + " " + draw(words)
        elif act == "drop" and len(lines) > 1:
            del lines[at]
        elif act == "twice":
            lines.insert(at, line)
        elif act == "move":
            lines[at] = lines[draw(st.integers(0, len(lines) - 1))]
        elif act == "indent":
            lines[at] = draw(st.sampled_from((" ", "  ", "\t", "      "))) + line
        elif act == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        else:
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
    return "\n".join(lines)


def changed_bytes(draw: Draw, data: bytes) -> bytes:
    """Bytes with some turned, cut, taken out, doubled, or with others put in."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        long = draw(st.sampled_from((1, 1, 2, 4, 8, 40)))
        act = draw(st.sampled_from(("turn", "turn", "put", "put", "over", "out", "cut", "double")))
        if act == "turn" and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
        elif act in ("put", "over"):
            piece = draw(st.one_of(st.sampled_from(SPLICES), st.binary(max_size=8)))
            data = data[:at] + piece + data[at + (len(piece) if act == "over" else 0) :]
        elif act == "out":
            data = data[:at] + data[at + long :]
        elif act == "cut":
            data = data[:at]
        else:
            data = data[: at + long] + data[at:]
    return data


def _recoded(draw: Draw, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    ends = draw(st.sampled_from(("\n", "\r\n", "\r", "\u2028", "\n\n")))
    return text.replace("\n", ends).encode(draw(st.sampled_from(("utf-8", *ENCODINGS))), "replace")


BY_SUFFIX: dict[str, Callable[[Draw, str], str]] = {
    ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines, ".yaml": _yaml, ".yml": _yaml, ".csv": _table,
    ".tsv": _table,
}  # fmt: skip
BINARY = (".parquet", ".arrow", ".feather", ".zst", ".db", ".pkl")


def changed_file(draw: Draw, name: str, data: bytes) -> bytes:
    """A file changed by what its name says that it is."""
    suffix = "." + name.rsplit(".", 1)[-1].lower()
    if suffix in BINARY:
        return changed_bytes(draw, data)
    if suffix == ".gz":
        try:
            data = gzip.compress(changed_file(draw, name[:-3], gzip.decompress(data)), 1, mtime=0)
        except (OSError, EOFError, zlib.error):  # an earlier change has broken it
            return changed_bytes(draw, data)
        return changed_bytes(draw, data) if draw(st.integers(0, 2)) == 0 else data
    how = draw(st.sampled_from(("kind", "kind", "kind", "lines", "bytes", "recoded")))
    if how == "bytes":
        return changed_bytes(draw, data)
    if how == "recoded":
        return _recoded(draw, data)
    change = BY_SUFFIX.get(suffix, _lines) if how == "kind" else _lines
    try:
        return change(draw, data.decode("utf-8")).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError, yaml.YAMLError, csv.Error):  # an earlier change has made it another thing
        return changed_bytes(draw, data)


@st.composite
def trees(draw: Draw, seeds: Sequence[Tree]) -> dict[str, bytes]:
    """One of the valid inputs, with one to three changes of its files; rarely one of them is missing."""
    tree = dict(draw(st.sampled_from(list(seeds))))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        name = draw(st.sampled_from(sorted(tree)))
        tree[name] = changed_file(draw, name, tree[name])
    if len(tree) > 1 and draw(st.integers(0, 20)) == 0:
        del tree[draw(st.sampled_from(sorted(tree)))]
    return tree
