"""Bad input ends in exit code 2 with where, got, wanted, fix; a bad case in exit code 1 with reason and price."""

from pathlib import Path

from tests.command import Ran, tunecase
from tests.making import case_folder


def files(folder: Path) -> set[str]:
    """Everything that lies in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def breaches(ran: Ran, *words: str) -> list[str]:
    """What a refusal lacks: exit 2, at least one whole block, the words in it, and no traceback."""
    lacking = [part for part in ("; wanted ", *words) if part.casefold() not in ran.err.casefold()]
    lacking += ["code 2"] if ran.code != 2 else []
    lacking += ["no traceback"] if "Traceback" in ran.out + ran.err else []
    return [f"lacks {lacking}: {ran.out}{ran.err}"] if lacking else []


MISTAKES = [
    ({"extra": "colour: red"}, ("tunecase.yaml, line", "colour", "unknown field")),
    ({"value": "  value: 0.40 USD per hour"}, ("problem.value", "USD per correct")),
    ({"volume": "  volume: 12k to 5k per month"}, ("problem.volume", "swap the ends")),
    ({"budget": "budget: 12k to 5k USD"}, ("budget", "swap the ends")),
    ({"budget": "budget: -3 USD"}, ("budget", "more than zero")),
    ({"budget": "budget: 0 USD"}, ("budget", "more than zero")),
    ({"budget": "budget: nan USD"}, ("budget",)),
    ({"budget": "budget: 1e999 USD"}, ("budget", "finite")),
    ({"compute": "compute: {gpus: [H100], gpu_count: 0}"}, ("compute.gpu_count", "'0'")),
    ({"extra": "rounds: 0"}, ("rounds", "more than zero")),
    ({"extra": "training: {epochs: 0}"}, ("training.epochs",)),
    ({"extra": "training: {micro_batch: 0}"}, ("training.micro_batch",)),
    ({"compute": "compute: {gpus: [H1000]}"}, ("unknown gpu 'H1000'", "did you mean H100")),
    ({"models": "models: [meta-llama/Lama-3.1-8B]"}, ("unknown model", "did you mean")),
    ({"metric": "  metric: acuracy"}, ("unknown metric", "did you mean accuracy")),
    ({"target": "  target: 140%"}, ("problem.target", "at most 100%")),
    ({"target": "  target: 92"}, ("problem.target", "write 92%")),
    ({"target": "  target: NaN"}, ("problem.target",)),
    ({"extra": "broken: ["}, ("YAML",)),
    ({"extra": "effort_per_round: -10 h per round"}, ("effort_per_round",)),
    ({"source": "    - {kind: label, pool: -5}"}, ("data.sources.0.pool",)),
    ({"budget": "budget: $15k EUR"}, ("budget",)),
    ({"value": "  value: 0.40 EUR per correct"}, ("problem.value",)),
    ({"models": "models: [nonsense-xyz]"}, ("unknown model",)),
]  # fmt: skip


def test_project_mistakes_are_refused(tmp_path: Path) -> None:
    """Each mistake in the project file is named with its place and a fix, and nothing is written."""
    wrong = []
    for number, (change, words) in enumerate(MISTAKES):
        path = case_folder(tmp_path / str(number), train_rows=1, test_rows=1, **change)
        before = files(path.parent)
        wrong += breaches(tunecase("run", "--project", path), *words)
        wrong += [f"{change}: {name} was written" for name in files(path.parent) - before]
    assert [] == wrong


def test_unreadable_project_files_are_refused(tmp_path: Path) -> None:
    """A missing, empty, binary or misshapen project file is refused."""
    path = tmp_path / "tunecase.yaml"
    wrong = breaches(tunecase("define", "--project", path))
    for content in (b"", b"\xff\xfe\x00n", b"\x00\x01", b"- a list\n", b"just words", b"name: x\ndata: 3\n"):
        path.write_bytes(content)
        wrong += breaches(tunecase("define", "--project", path))
    assert [] == wrong


WRONG_WORDS = [
    (("fit", "nonsense-xyz"), "nonsense-xyz"),
    (("fit", "llama-3.1-8b", "--gpu", "H1000"), "did you mean"),
    (("fti",), "did you mean tunecase fit"),
    (("fit", "llama-3.1-8b", "--gpus", "0"), "gpus"),
    (("fit", "llama-3.1-8b", "--batch", "0"), "batch"),
    (("fit", "llama-3.1-8b", "--seq", "-5"), "seq"),
    (("fit", "llama-3.1-8b", "--rank", "0"), "rank"),
    (("fit", "llama-3.1-8b", "--tokens", "nan"), "tokens"),
    (("fit", "llama-3.1-8b", "--tokens", "1e308"), "tokens"),
    (("fit", "llama-3.1-8b", "--examples", "-5"), "examples"),
    (("fit", "llama-3.1-8b", "--epochs", "0", "--examples", "100"), "epochs"),
    (("fit", "llama-3.1-8b", "--deadline=-10h"), "deadline"),
    (("fit", "llama-3.1-8b", "--gpu", "H100", "--price=-1"), "price"),
    (("forecast", "points.csv", "--target=140%"), "--target"),
    (("forecast", "points.csv", "--target=often"), "--target"),
    (("fit", "llama-3.1-8b", "--method", "magic"), "lora"),
    (("fit", "llama-3.1-8b", "--framework", "unslot"), "did you mean unsloth"),
    (("fit", "llama-3.1-8b", "--deadline", "soon"), "6 h"),
    (("fit", "llama-3.1-8b", "--tier", "cheap"), "marketplace"),
    (("fit", "llama-3.1-8b", "--lengths", "nowhere.csv"), "no such file"),
    (("fit", "llama-3.1-8b", "--measured", "nowhere.json", "--gpu", "H100", "--gpus", "1", "--batch", "1"), "no such"),
    (("fit", "nowhere.yaml"), "nowhere.yaml"),
    (("fit", "llama-3.1-8b", "--accelerate", "x.yaml"), "accelerate"),
    (("forecast", "nowhere.csv"), "no such file"),
    (("init", "nowhere.jsonl"), "nowhere.jsonl"),
    (("init", "--example", "nothing"), "tunecase init --example"),
    (("define", "--today", "soon"), "YYYY-MM-DD"),
]


def test_wrong_words_are_refused(tmp_path: Path) -> None:
    """Wrong names and numbers on the command line are refused with what is wanted."""
    (tmp_path / "points.csv").write_text("n,score\n10,0.5\n20,0.6\n40,0.7\n", encoding="utf-8")
    assert [] == [wrong for words, part in WRONG_WORDS for wrong in breaches(tunecase(*words, cwd=tmp_path), part)]


def test_a_broken_row_is_quarantined(tmp_path: Path) -> None:
    """A broken row in a good file is set aside and counted: exit 0, or 1 with --strict."""
    path = case_folder(tmp_path, train_rows=60, test_rows=40)
    train = tmp_path / "train.jsonl"
    train.write_text(train.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    ran = tunecase("audit", "--json", "--project", path)
    assert (0, 1, 60) == (ran.code, ran.json["quarantined"], ran.json["usable"])
    assert 1 == len((tmp_path / "quarantine.jsonl").read_text(encoding="utf-8").splitlines())
    assert 1 == tunecase("audit", "--strict", "--project", path).code
