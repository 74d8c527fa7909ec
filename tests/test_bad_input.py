"""Bad input ends in exit code 2 with where, got, wanted, fix; a bad case in exit code 1 with reason and price."""

from pathlib import Path

from tests.command import Ran, tunecase
from tests.making import case_folder, tickets, write_jsonl


def files(folder: Path) -> set[str]:
    """Everything that lies in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def breaches(ran: Ran, *words: str) -> list[str]:
    """What a refusal lacks: exit 2, at least one whole block, the words in it, and no traceback."""
    lacking = [part for part in ("; wanted ", *words) if part.casefold() not in ran.err.casefold()]
    lacking += ["code 2"] if ran.code != 2 else []
    lacking += ["no traceback"] if "Traceback" in ran.out + ran.err else []
    return [f"lacks {lacking}: {ran.out}{ran.err}"] if lacking else []


def assert_refused(ran: Ran, *words: str) -> None:
    """Exit 2, at least one whole block, the words in it, and no traceback."""
    assert [] == breaches(ran, *words)


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
    ({"budget": "budget: 15k EUR"}, ("budget", "a dated rate for EUR")),
    ({"train": "  train: ../../etc/passwd"}, ("data.train", "a path inside")),
    ({"train": "  train: nowhere.jsonl"}, ("data.train", "does not exist")),
    ({"extra": "name: again"}, ("the same field twice",)),
    ({"extra": "a: &a [x]\nb: [*a, *a]"}, ("an anchor or alias",)),
    ({"extra": "deep: " + "[" * 40 + "]" * 40}, ("levels",)),
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


def test_all_mistakes_are_shown_together(tmp_path: Path) -> None:
    """Five mistakes give five blocks, not one at a time."""
    path = case_folder(
        tmp_path, target="  target: 140%", budget="budget: 5 XYZ USD", metric="  metric: nope", train="  train: ../x",
        compute="compute: {gpus: [nope]}",
    )  # fmt: skip
    ran = tunecase("estimate", "--project", path)
    assert_refused(ran)
    assert ran.err.count("; wanted ") >= 3


UNREADABLE = [
    ("missing.jsonl", None, ("no such file",)),
    ("empty.jsonl", b"", ("an empty file",)),
    ("broken.jsonl", b"not json\nnor this\n", ("no row can be read",)),
    ("odd.xlsx", b"PK\x03\x04", ("wanted", ".jsonl", ".parquet")),
    ("columns.csv", b"a,b\n1,2\n", ("--input a --output b",)),
    ("half.parquet", b"PAR1 and then nothing", ("Parquet",)),
]


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A file that cannot be read as data is refused by audit with the way out."""
    wrong = []
    for name, content, words in UNREADABLE:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        wrong += breaches(tunecase("audit", tmp_path / name, cwd=tmp_path), *words)
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
    (("fit", "llama-3.1-8b", "--gpus", "3.5"), "gpus"),
    (("fit", "llama-3.1-8b", "--batch", "0"), "batch"),
    (("fit", "llama-3.1-8b", "--seq", "-5"), "seq"),
    (("fit", "llama-3.1-8b", "--seq", "9000000"), "context"),
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
    (("fit", "llama-3.1-8b", "--optimizer", "adafactr"), "did you mean adafactor"),
    (("fit", "llama-3.1-8b", "--gpu", "T4", "--precision", "bf16"), "bf16 on a T4"),
    (("fit", "llama-3.1-8b", "--method", "full", "--frozen-layers", "32"), "fewer than 32"),
    (("fit", "llama-3.1-8b", "--method", "lora", "--frozen-layers", "2"), "full fine-tuning"),
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


WRONG_POINTS = [
    ("n,score\n10,0.5\n20,abc\n", "abc"),
    ("n,score\n10,nan\n20,0.5\n", "nan"),
    ("n,score\n-10,0.5\n20,0.6\n", "-10"),
    ("a,b\n1,2\n", "n,score"),
    ("", "empty"),
    ("n,score\n10,0.5\n20,7000\n", "7000"),
]


def test_wrong_points_are_refused(tmp_path: Path) -> None:
    """A points file with mistakes is refused with the line."""
    path = tmp_path / "points.csv"
    wrong = []
    for text, part in WRONG_POINTS:
        path.write_text(text, encoding="utf-8")
        wrong += breaches(tunecase("forecast", path, "--target", "0.9"), part)
    assert [] == wrong


def test_an_edited_ledger_is_refused(tmp_path: Path) -> None:
    """A ledger edited by hand stops every verb that reads it, and names the line."""
    path = case_folder(tmp_path)
    assert 0 == tunecase("spend", "add", "42.50", "USD", "--category", "gpu", "--project", path).code
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("42.50", "12.50"), encoding="utf-8")
    for words in (("ledger", "verify"), ("books",), ("run",)):
        assert_refused(tunecase(*words, "--project", path), "ledger.jsonl", "1")


def test_json_errors_are_json(tmp_path: Path) -> None:
    """With --json a refusal is JSON on standard output, with every problem."""
    ran = tunecase("define", "--json", "--project", tmp_path / "none.yaml")
    assert 2 == ran.code
    assert {"where", "got", "wanted", "fix"} == set(ran.json["problems"][0])


def test_random_labels_are_not_fit(tmp_path: Path) -> None:
    """Random labels on twenty texts are not fit."""
    path = case_folder(tmp_path, test_rows=40)
    texts = [row["text"] for row in tickets(20, 3)]
    rows = [dict(row, text=texts[k % 20]) for k, row in enumerate(tickets(300, 4, shuffled=True))]
    write_jsonl(tmp_path / "train.jsonl", rows)
    ran = tunecase("audit", "--project", path)
    assert (1, True) == (ran.code, "not fit" in ran.out)


def test_a_test_equal_to_train_is_not_fit(tmp_path: Path) -> None:
    """When the test rows are the training rows nothing can be believed."""
    path = case_folder(tmp_path, train_rows=60)
    write_jsonl(tmp_path / "test.jsonl", tickets(60, 1))
    ran = tunecase("audit", "--project", path)
    assert (1, True) == (ran.code, "not fit" in ran.out)


def test_a_broken_row_is_quarantined(tmp_path: Path) -> None:
    """A broken row in a good file is set aside and counted: exit 0, or 1 with --strict."""
    path = case_folder(tmp_path, train_rows=60, test_rows=40)
    train = tmp_path / "train.jsonl"
    train.write_text(train.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    ran = tunecase("audit", "--json", "--project", path)
    assert (0, 1, 60) == (ran.code, ran.json["quarantined"], ran.json["usable"])
    assert 1 == len((tmp_path / "quarantine.jsonl").read_text(encoding="utf-8").splitlines())
    assert 1 == tunecase("audit", "--strict", "--project", path).code
