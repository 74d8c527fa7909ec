"""Logs of lm-evaluation-harness, as lm_eval wrote them."""

import shutil
from pathlib import Path

from tests.evals.logs import DATE, LM_EVAL, RIGHT, refused, rights, write_samples
from tunecase.evals import Asked, read_log

STRICT = Asked(filter="strict-match")


def test_a_folder_is_one_log() -> None:
    """The samples give each item's score under a filter, the results beside them the model and the version."""
    log = read_log(LM_EVAL / "mock-a", STRICT)
    assert ("lm-evaluation-harness", "0.4.13", "mock-a", "even") == (log.tool, log.version, log.model, log.task)
    assert (24, RIGHT["a"], "exact_match") == (log.items, rights(log), log.metric)
    assert log.aggregate == log.score
    assert "doc_hash and target_hash" == log.paired_by


def test_two_filters_are_no_more_items() -> None:
    """A line for each filter is no item of its own, and which filter counts must be said."""
    problem = refused(LM_EVAL / "mock-a")
    assert "2 metrics: exact_match (strict-match), exact_match (first-word)" == problem.got
    assert "--filter strict-match" in problem.fix


def test_one_of_several_tasks_is_chosen() -> None:
    """A folder of two tasks is told with their names; a task is read by name."""
    assert "2 tasks: even, even_bleu" == refused(LM_EVAL / "mock-b", STRICT).got
    assert RIGHT["b"] == rights(read_log(LM_EVAL / "mock-b", Asked(task="even", filter="strict-match")))
    assert "even, even_bleu" in refused(LM_EVAL / "mock-b", Asked(task="other")).got


def test_a_results_file_leads_to_its_samples() -> None:
    """Who names the results gets the samples of the same run."""
    (results,) = (LM_EVAL / "mock-a").glob("results_*.json")
    assert RIGHT["a"] == rights(read_log(results, STRICT))


def test_a_corpus_metric_has_no_items() -> None:
    """BLEU is told as the tool tells it, of no item, whatever stands in its lines."""
    log = read_log(LM_EVAL / "mock-b", Asked(task="even_bleu", filter="strict-match"))
    assert (False, 0.0, 24, {}, 0) == (log.per_item, log.score, log.items, log.scores, log.unscored)


def test_a_metric_that_is_no_mean_of_its_items_is_one_of_the_corpus(tmp_path: Path) -> None:
    """Numbers by item whose mean is not the tool's own score, as of macro F1, are not taken as scores of items."""
    log = read_log(
        write_samples(tmp_path, [1, 0, 1, 1], metric="f1", told={"results": {"t": {"f1,none": 0.6}}}), Asked()
    )
    assert (False, 0.6) == (log.per_item, log.score)


def test_results_without_samples_are_refused(tmp_path: Path) -> None:
    """A score of the whole task is no score of its items; how to log those is told."""
    shutil.copyfile(next((LM_EVAL / "mock-a").glob("results_*")), tmp_path / f"results_{DATE}.json")
    problem = refused(tmp_path, STRICT)
    assert "of no item" in problem.got
    assert "--log_samples" in problem.fix


def test_a_second_run_into_the_same_file_is_counted(tmp_path: Path) -> None:
    """Lines that repeat an item are counted, and the last of each is its score."""
    place = write_samples(tmp_path, [0, 0, 1])
    first = place.read_text()
    place.write_text(first + first.replace('"acc": 0', '"acc": 1'))
    (tmp_path / f"results_{DATE}.json").unlink()
    log = read_log(place, Asked())
    assert (3, 3, 3) == (log.items, log.repeated, rights(log))


def test_two_tasks_in_one_file_are_refused(tmp_path: Path) -> None:
    """The same number with another document is another task."""
    place = write_samples(tmp_path / "a", [1, 0])
    other = write_samples(tmp_path / "b", [1, 0], texts=["x", "y"])
    place.write_text(place.read_text() + other.read_text())
    problem = refused(place)
    assert problem.where.endswith(".jsonl:3")
    assert "two tasks" in problem.got


def test_equal_documents_stay_two_items(tmp_path: Path) -> None:
    """A data set that holds a document twice has two items of it."""
    log = read_log(write_samples(tmp_path, [1, 0, 1], texts=["x", "x", "y"]), Asked())
    assert 3 == log.items


def test_a_cut_line_is_refused(tmp_path: Path) -> None:
    """A last line without its end is of a run that goes on; another broken line is told as such."""
    place = write_samples(tmp_path, [1, 0, 1])
    text = place.read_text()
    place.write_text(text[:-40])
    problem = refused(place)
    assert (f"{place}:3", "a line that is cut off") == (problem.where, problem.got)
    place.write_text(text + "{nonsense\n")
    assert (f"{place}:4", "no JSON object") == (refused(place).where, refused(place).got)


def test_nan_is_no_score(tmp_path: Path) -> None:
    """NaN as a number or a word counts as unscored."""
    place = write_samples(tmp_path, [1, float("nan"), "NaN", None, 0])
    (tmp_path / f"results_{DATE}.json").unlink()
    log = read_log(place, Asked())
    assert (2, 3) == (log.items, log.unscored)


def test_a_log_without_any_score_is_refused(tmp_path: Path) -> None:
    """Nothing is made of nothing."""
    place = write_samples(tmp_path, [None, None])
    (tmp_path / f"results_{DATE}.json").unlink()
    assert "2 answers without a score" in refused(place).got


def test_a_log_that_ends_early_at_a_line_is_refused(tmp_path: Path) -> None:
    """Whole lines are no whole log: the results say how many items there are, and what share of them is right."""
    few = {"n-samples": {"t": {"original": 400, "effective": 400}}}
    assert "4 items of the 400" in refused(write_samples(tmp_path / "a", [1, 0, 1, 1], told=few)).got
    other = {"results": {"t": {"acc,none": 0.7}}}
    assert (
        "acc 0.7 in its results, and 0.75 by its 4 items"
        == refused(write_samples(tmp_path / "b", [1, 0, 1, 1], told=other)).got
    )
    shutil.copytree(LM_EVAL / "mock-a", tmp_path / "c")
    place = next((tmp_path / "c").glob("samples_*"))
    place.write_text("".join(place.read_text().splitlines(keepends=True)[:20]))
    assert "20 items of the 24" in refused(place, STRICT).got


def test_lines_without_an_item_are_refused(tmp_path: Path) -> None:
    """Items without a doc_id would all be one."""
    place = write_samples(tmp_path, [1, 0])
    place.write_text(place.read_text() + place.read_text().replace('"doc_id": ', '"id": '))
    assert (f"{place}:3", "a line without a doc_id") == (refused(place).where, refused(place).got)


def test_two_tasks_without_hashes_are_refused(tmp_path: Path) -> None:
    """The documents themselves tell, where no hash does."""
    place = write_samples(tmp_path, [1, 0])
    plain = place.read_text().replace('"doc_hash"', '"none"')
    place.write_text(plain + plain.replace("question", "riddle"))
    assert "two tasks" in refused(place).got
    place.write_text(plain + plain)
    assert 2 == read_log(place, Asked()).items


def test_which_way_is_better_is_the_tools_to_say(tmp_path: Path) -> None:
    """By the results, else by the name of the metric."""
    said = {"higher_is_better": {"t": {"own": False}}}
    assert "lower" == read_log(write_samples(tmp_path / "a", [0.2, 0.3], metric="own", told=said), Asked()).direction
    assert "lower" == read_log(write_samples(tmp_path / "b", [0.2, 0.3], metric="wer"), Asked()).direction
    assert "higher" == read_log(LM_EVAL / "mock-a", STRICT).direction
