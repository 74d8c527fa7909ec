"""What format a file has by its beginning, whatever its ending says, and what it seems to be where it holds no rows."""

from pathlib import Path
from typing import Any

import orjson

from tunecase.data.reading import arrays, token_lines
from tunecase.data.reading.sources import FORMATS, PACKINGS, Source, beginning
from tunecase.errors import InputError, Problem

MOST_LOOKED_BYTES = 50_000_000
# What a file with an ending that is never read holds, and what to do about it.
SEEMS: dict[tuple[str, ...], tuple[str, str]] = {
    (".xlsx", ".xls", ".ods", ".numbers"): ("a spreadsheet", "save it as “CSV UTF-8”"),
    (".yaml", ".yml", ".toml", ".ini"): ("settings, or rows as YAML", "write one JSON object per line (.jsonl)"),
    (".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"): (
        "a packed folder or file", "unpack it, and name the data file inside"),
    (".npy", ".npz", ".h5", ".hdf5", ".mat"): ("arrays of numbers", "name the file that holds the texts"),
    (".pkl", ".pickle", ".joblib", ".pt", ".pth"): ("Python objects, which run code when opened",
                                                    "load it where it was made, and write it as .jsonl"),
    (".safetensors", ".bin", ".gguf", ".ckpt", ".onnx"): (
        "the weights of a model", "name the file that holds the texts"),
    (".pdf", ".docx", ".doc", ".odt", ".html", ".htm", ".md", ".rst", ".epub", ".tex"): (
        "a document", "write a row for each question and answer (.jsonl); facts to answer from go to data.documents"),
    (".db", ".sqlite", ".sqlite3", ".duckdb", ".sql", ".mdb"): ("a database", "export its table as CSV or JSONL"),
    (".py", ".ipynb", ".sh", ".js"): ("a program", "run it, and name the file that it writes"),
    (".xml", ".rdf", ".tei"): ("XML", "write one JSON object per line (.jsonl)"),
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff"): ("an image", "name the file that holds the texts"),
    (".wav", ".mp3", ".flac", ".ogg", ".mp4", ".webm"): ("sound or film", "name the file that holds the texts"),
}  # fmt: skip
SETTINGS = {"architectures", "model_type", "hidden_size", "vocab_size", "tokenizer_class", "quantization_config",
            "added_tokens", "bos_token", "lora_alpha", "peft_type", "num_train_epochs", "learning_rate"}  # fmt: skip


def kind_in(source: Source) -> str:
    """The format of a file: "jsonl", "json", "csv", "token lines", "parquet" or "arrow".

    Raises: InputError for a text file that holds none of these.
    """
    path = source.path
    if source.kind in ("json", "jsonl"):
        return arrays.json_kind(source)
    lines = source.kind in ("text", token_lines.FORMAT)
    if not lines and (source.kind != "csv" or ".tsv" not in path.name.lower()):
        return source.kind
    if token_lines.columns_in(source):
        return token_lines.FORMAT
    if lines and beginning(source, 1 << 12).lstrip()[:1] in (b"{", b"["):
        return arrays.json_kind(source)
    if not lines:
        return source.kind
    got = f"the ending {path.suffix}, and neither JSON lines nor one token with its tags a line"
    fix = "write one JSON object per line (.jsonl) with an input and an output"
    raise InputError(Problem(str(path), got, "rows of data", fix))


def unknown_ending(path: Path, bare: Path) -> Problem:
    """Why a file whose ending is not known is refused: what it seems to be, and what to do."""
    ending = "".join(bare.suffixes[-2:] if bare.suffix.lower() in PACKINGS else bare.suffixes[-1:]).lower()
    wanted = ", ".join(FORMATS) + "; the text formats also with " + " or ".join(PACKINGS)
    got = f"the ending {ending}" if ending else "a name without an ending"
    for endings, (seems, fix) in SEEMS.items():
        if bare.suffix.lower() in endings:
            return Problem(str(path), f"{got}: {seems}", wanted, fix)
    return Problem(str(path), got, wanted, "rename or convert the file")


def seems(source: Source) -> str:
    """What a JSON file without rows seems to be, "" where that is not plain."""
    if source.kind not in ("json", "jsonl") or source.path.stat().st_size > MOST_LOOKED_BYTES:
        return ""
    try:
        return what(orjson.loads(beginning(source, MOST_LOOKED_BYTES)))
    except orjson.JSONDecodeError:
        return ""


def what(value: Any) -> str:
    """What a JSON value without rows seems to be, "" where that is not plain.

    Example:
        >>> what([0.5, 1]), what({"model_type": "bert"}), what(["a b", "c"])
        ('an array of numbers', 'the settings of a model or a training', 'a list of texts without answers')
    """
    if isinstance(value, list):
        flat = [each for row in value[:100] for each in (row if isinstance(row, list) else [row])]
        if flat and all(isinstance(each, int | float) or each is None for each in flat):
            return "an array of numbers"
        return "a list of texts without answers" if flat and all(isinstance(each, str) for each in flat) else ""
    if not isinstance(value, dict):
        return "a single value"
    if value.keys() & SETTINGS:
        return "the settings of a model or a training"
    if value and all(isinstance(each, int | float) for each in value.values()):
        return "numbers by name"
    return "a single object"
