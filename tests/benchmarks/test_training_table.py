"""The table of published runs: gathered rows are merged once, and no publisher fills it."""

import csv
import sys
from pathlib import Path

from tests.benchmarks.test_training import COLUMNS, RUN

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import training_table

from tunecase.compute.measured import runs


def gathered(path: Path, count: int) -> Path:
    """A file of gathered rows, each of another length."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        for at in range(count):
            writer.writerow({**RUN, "id": f"gx{at:03}", "source": "somebody page", "seq_len": str(512 + 64 * at)})
        writer.writerow({**RUN, "id": "gx999", "source": "somebody page again", "seq_len": "512"})
    return path


def test_at_most_twelve_rows_of_a_publisher_are_taken(tmp_path):
    """They are spread evenly over its set-ups, the first and the last among them; a repeat counts once."""
    found = training_table.gathered([gathered(tmp_path / "a.csv", 40)])
    lengths = [run.recipe.sequence_tokens for run in found]
    assert (12, 512, 512 + 64 * 39) == (len(found), lengths[0], lengths[-1])


def test_few_rows_are_all_taken(tmp_path):
    """Under the limit nothing is left out but repeats."""
    assert 3 == len(training_table.gathered([gathered(tmp_path / "a.csv", 3)]))


def test_a_row_is_written_and_read_as_it_was(tmp_path):
    """Every field of a set-up survives the table."""
    run = training_table.gathered([gathered(tmp_path / "a.csv", 1)])[0]
    back = runs._from_row(training_table.row_of(run))
    assert (run.recipe, run.unsaid, run.packed, run.statistic) == (
        back.recipe,
        back.unsaid,
        back.packed,
        back.statistic,
    )


def test_rows_of_a_file_read_again_replace_themselves():
    """Rows gathered earlier stay, but for those whose file is read anew."""
    earlier = training_table.held(without=set())
    first = next(iter(earlier))
    assert set(earlier) - {first} == set(training_table.held(without={first}))


def test_a_model_cut_to_some_layers_is_not_written(tmp_path):
    """The table holds models by name, and such a run would come back as one of the whole model."""
    path = gathered(tmp_path / "a.csv", 1)
    path.write_text(path.read_text().replace("llama-2-7b", "Llama-2-7b-hf cut to 4 layers"))
    assert [] == training_table.gathered([path])
