"""Writes the rows of public sets, which belong to others, from clones of their repositories, for the backtest alone.

    python benchmarks/roads_texts.py CLONES [--to FOLDER]

CLONES holds a clone of each repository as OWNER+NAME. Each set becomes FOLDER/NAME/train.jsonl and test.jsonl, its rows
shuffled; FOLDER is $TUNECASE_ROADS or a folder of the system for temporary files, and is never committed. A set without
a test part of its own has a fifth of its rows held out. Texts that stand in both parts are left in training alone.
"""

import argparse
import csv
import gzip
import io
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(os.environ.get("TUNECASE_ROADS", Path(tempfile.gettempdir()) / "tunecase-roads-texts"))
SEED = 13
MOST_TRAIN, MOST_TEST = 8_000, 2_000  # rows that are kept, so that a curve takes minutes
HELD_OUT = 0.2

Pairs = list[tuple[str, str]]  # text, label
Read = Callable[[str], str]  # a path in the repository, to its text


@dataclass(frozen=True)
class Source:
    """Where a set lies, and how its rows are read: `parts` gives all rows, or training and test rows."""

    publisher: str
    repository: str
    licence: str
    parts: Callable[["Clone"], tuple[Pairs, ...]]


@dataclass(frozen=True)
class Clone:
    """A clone's folder, bare or with a work tree."""

    folder: Path

    def _git(self, *words: str) -> bytes:
        folder = self.folder / ".git" if (self.folder / ".git").exists() else self.folder
        return subprocess.run(["git", f"--git-dir={folder}", *words], check=True, capture_output=True).stdout

    def text(self, path: str) -> str:
        """A file's text, of a packed one what it holds."""
        held = self._git("show", f"HEAD:{path}")
        return (gzip.decompress(held) if path.endswith(".gz") else held).decode("utf-8", errors="replace")

    def paths(self, holding: str) -> list[str]:
        """The paths that hold some words."""
        names = self._git("ls-tree", "-r", "--name-only", "HEAD").decode().splitlines()
        return [name for name in names if holding in name]


def _label_first(text: str) -> Pairs:
    """Lines of a label, a space and a text."""
    split = (line.split(" ", 1) for line in text.splitlines())
    return [(parts[1].strip(), parts[0]) for parts in split if len(parts) == 2]


def _table(text: str, column: str, label: str, delimiter: str = ",") -> Pairs:
    read = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    return [(row[column], row[label]) for row in read if row[column] and row[label]]


def _trec(clone: Clone) -> tuple[Pairs, ...]:
    return _label_first(clone.text("data/TREC.train.all")), _label_first(clone.text("data/TREC.test.all"))


def _mpqa(clone: Clone) -> tuple[Pairs, ...]:
    return (_label_first(clone.text("data/mpqa.all")),)


def _sst(clone: Clone) -> tuple[Pairs, ...]:
    return _label_first(clone.text("data/stsa.binary.train")), _label_first(clone.text("data/stsa.binary.test"))


def _hate(clone: Clone) -> tuple[Pairs, ...]:
    return (_table(clone.text("data/labeled_data.csv"), "tweet", "class"),)


def _liar(clone: Clone) -> tuple[Pairs, ...]:
    rows = (line.split("\t") for part in ("train", "test") for line in clone.text(f"{part}.tsv").splitlines())
    return ([(row[2], row[1]) for row in rows if len(row) > 3],)


def _home(clone: Clone) -> tuple[Pairs, ...]:
    def part(holding: str) -> Iterator[tuple[str, str]]:
        for path in clone.paths(holding):
            yield from (
                (text, Path(path).stem) for text, _ in _table(clone.text(path), "answer_from_anno", "intent", ";")
            )

    return list(part("KFold_1/trainset/")), list(part("KFold_1/testset/csv/"))


def _reviews(clone: Clone) -> tuple[Pairs, ...]:
    return (_label_first(clone.text("data/custrev.all")),)


def _meld(clone: Clone) -> tuple[Pairs, ...]:
    parts = (_table(clone.text(f"data/MELD/{part}_sent_emo.csv"), "Utterance", "Emotion") for part in ("train", "test"))
    return tuple(parts)


def _hint(clone: Clone) -> tuple[Pairs, ...]:
    """Three bots as one; questions of the test that no intent answers are left out."""

    def part(name: str) -> Pairs:
        rows: Pairs = []
        for bot in ("curekart", "powerplay11", "sofmattress"):
            read = _table(clone.text(f"dataset/v1/{name}/{bot}_{name}.csv"), "sentence", "label")
            rows += [(text, f"{bot} {label}") for text, label in read]
        return rows

    train, test = part("train"), part("test")
    known = {label for _, label in train}
    return train, [row for row in test if row[1] in known]


def _clickbait(clone: Clone) -> tuple[Pairs, ...]:
    names = ("clickbait", "non_clickbait")
    return ([(line.strip(), name) for name in names for line in clone.text(f"dataset/{name}_data.gz").splitlines()],)


def _snips(clone: Clone) -> tuple[Pairs, ...]:
    def part(begins: str, ends: str) -> Pairs:
        folder = "2017-06-custom-intent-engines/"
        paths = [path for path in clone.paths(folder) if Path(path).name.startswith(begins) and path.endswith(ends)]
        read = (row for path in paths for row in json.loads(clone.text(path)).items())
        return [("".join(bit["text"] for bit in row["data"]), intent) for intent, rows in read for row in rows]

    return part("train_", "_full.json"), part("validate_", ".json")


def _ethos(clone: Clone) -> tuple[Pairs, ...]:
    rows = _table(clone.text("ethos/ethos_data/Ethos_Dataset_Binary.csv"), "comment", "isHate", ";")
    return ([(text, "hate" if float(share) >= 0.5 else "none") for text, share in rows],)


SOURCES: Mapping[str, Source] = {
    "trec": Source("UIUC", "harvardnlp/sent-conv-torch", "not stated", _trec),
    "mpqa": Source("University of Pittsburgh", "harvardnlp/sent-conv-torch", "not stated", _mpqa),
    "sst2": Source("Stanford", "harvardnlp/sent-conv-torch", "not stated", _sst),
    "hate_speech": Source("Cornell", "t-davidson/hate-speech-and-offensive-language", "MIT", _hate),
    "liar": Source("UC Santa Barbara", "tfs4/liar_dataset", "not stated", _liar),
    "hwu64": Source("Heriot-Watt University", "xliuhw/NLU-Evaluation-Data", "CC BY 4.0", _home),
    # Those of `roads_sealed.csv`, walked once: in no table that anything was fitted to.
    "custrev": Source("University of Illinois Chicago", "harvardnlp/sent-conv-torch", "not stated", _reviews),
    "meld": Source("Singapore University of Technology and Design", "declare-lab/MELD", "GPL-3.0", _meld),
    "hint3": Source("Haptik", "hellohaptik/HINT3", "ODbL", _hint),
    "clickbait": Source("IIT Kharagpur", "bhargaviparanjape/clickbait", "MIT", _clickbait),
    "snips": Source("Snips", "sonos/nlu-benchmark", "CC0", _snips),
    "ethos": Source("Aristotle University of Thessaloniki", "intelligence-csd-auth-gr/Ethos-Hate-Speech-Dataset",
                    "GPL-3.0", _ethos),
}  # fmt: skip


def split(parts: tuple[Pairs, ...]) -> tuple[Pairs, Pairs]:
    """Training and test rows, shuffled, at most so many of each, no text twice over the two."""
    rng = np.random.default_rng(SEED)
    kept = [[(text, label) for text, label in part if text.strip()] for part in parts]
    shuffled = [[part[i] for i in rng.permutation(len(part))] for part in kept]
    if len(shuffled) == 1:
        cut = round(len(shuffled[0]) * HELD_OUT)
        shuffled = [shuffled[0][cut:], shuffled[0][:cut]]
    train = shuffled[0][:MOST_TRAIN]
    known = {" ".join(text.lower().split()) for text, _ in train}
    return train, [row for row in shuffled[1] if " ".join(row[0].lower().split()) not in known][:MOST_TEST]


def main() -> None:
    """Writes every set whose repository is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--to", type=Path, default=FOLDER)
    asked = parser.parse_args()
    for name, source in SOURCES.items():
        folder = next(asked.clones.glob(f"{source.repository.replace('/', '+')}/repo"), None)
        folder = folder or asked.clones / source.repository.replace("/", "+")
        if not folder.exists():
            print(f"{source.repository} is not there, passed over")
            continue
        kept = split(source.parts(Clone(folder)))
        (asked.to / name).mkdir(parents=True, exist_ok=True)
        for part, rows in zip(("train", "test"), kept, strict=True):
            lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
            (asked.to / name / f"{part}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        classes = len({label for _, label in kept[0]})
        print(f"{name}: {len(kept[0]):,} training and {len(kept[1]):,} test rows, {classes} classes")


if __name__ == "__main__":
    main()
