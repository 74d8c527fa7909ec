"""Passages are searched by their words, and how often the wanted answer stands in them is counted."""

from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import Reply, chat_server, question, said
from tests.pilot.test_trial import climb, table, toy
from tunecase.errors import MissingExtraError
from tunecase.pilot import documents
from tunecase.pilot.documents import best_passages, find_answers, found_words
from tunecase.pilot.examples import Examples

__all__ = ["toy"]
PASSAGES = ("Refunds take five working days.", "A lost card is blocked at once.", "Our office is in Lisbon.")


class Searched:
    """Stands in for bm25s where it is not installed: counts the words that a passage shares with a text."""

    def index(self, passages: Any, **_: Any) -> None:
        """Keeps the words."""
        self.passages = [set(words) for words in passages]

    def retrieve(self, texts: Any, k: int, **_: Any) -> Any:
        """Numbers and scores of the best, the best first."""
        ranked = []
        for words in texts:
            scores = [len(passage & set(words)) for passage in self.passages]
            ranked.append(sorted(range(len(scores)), key=lambda n, scores=scores: (-scores[n], n))[:k])
        scores = [[len(self.passages[n] & set(words)) for n in row] for row, words in zip(ranked, texts, strict=True)]
        return ranked, scores


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search without the package."""
    monkeypatch.setattr(documents, "import_module", lambda name: type("bm25s", (), {"BM25": Searched}))


def test_found_in_passages_and_in_the_input(searched: None) -> None:
    """Word for word, case and signs aside; of an object all values must stand there."""
    tests = Examples(
        ("how long do refunds take", "my card is lost", "is the office in lisbon?", "what is love"),
        ("five working days", "blocked at once", "Lisbon", "unknown"),
    )
    found = find_answers(PASSAGES, tests, "generation")
    assert (4, 3, 1, 3) == (found.rows, found.in_passages, found.in_input, found.passages)
    assert found_words(found).startswith("the wanted answer of 75% (")
    assert found_words(found).endswith(
        "in one of the 5 best of 3 passages of the documents, that of 25% in the input itself"
    )
    fields = Examples(("lost card in lisbon",) * 2, ('{"where": "Lisbon", "done": "blocked"}', '{"where": "Oslo"}'))
    assert 1 == find_answers(PASSAGES, fields, "extraction").in_passages


def test_without_the_package_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part to install is named."""

    def gone(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(documents, "import_module", gone)
    with pytest.raises(MissingExtraError, match="pip install bm25s"):
        best_passages(PASSAGES, ["a"])


@pytest.mark.needs("encoder")
def test_the_package_ranks_passages_by_their_words() -> None:
    """The best first, at most as many as asked for; a text that shares no word with any gets none."""
    best = best_passages((*PASSAGES, "***"), ["is a lost card blocked", "refunds in lisbon", "zebra", "?"], 2)
    assert PASSAGES[1] == best[0][0]
    assert {PASSAGES[0], PASSAGES[2]} == set(best[1])
    assert ((), ()) == (best[2], best[3])
    assert ([], [()]) == (best_passages(PASSAGES, []), best_passages(PASSAGES, [""]))


def test_a_pilot_measures_documents_with_and_without_a_hosted_model(
    toy: list[Any], searched: None, tmp_path: Path
) -> None:
    """A note says how often they hold the answer; a hosted model is asked with the passages before each text."""
    (tmp_path / "facts.txt").write_text("A cat purrs.", encoding="utf-8")
    train = table([(f"row {n} that {'purrs' if n % 2 else 'barks'}", "cat" if n % 2 else "dog") for n in range(64)])
    tests = table([(f"it {'purrs' if n % 2 else 'barks'} {n}", "cat" if n % 2 else "dog") for n in range(20)])

    def reply(body: Any) -> Reply:
        return said("cat" if "A cat purrs." in question(body) else "dog", (50, 1))

    with chat_server(reply) as server:
        hosted = {"big": {"base_url": server.url}}
        record = climb(train, tests, hosted=hosted, documents=str(tmp_path))
    scores = {one.name: (one.score, one.kind) for one in record.baselines}
    assert ((1.0, "search"), "hosted") == (scores["big with documents"], scores["big zero-shot"][1])
    assert scores["big zero-shot"][0] < 1.0
    assert any("passages of the documents, that of 0% in the input itself" in note for note in record.notes)
