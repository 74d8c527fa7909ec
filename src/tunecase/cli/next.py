"""The command `next`: what a round showed, what it changed, what to do now."""

from typing import Annotated

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project, panel

round_option = panel("What the round showed")


def next_(
    rows: Annotated[int | None, round_option("--rows", help="Training rows of the round, in all.")] = None,
    score: Annotated[str | None, round_option(help="What its test showed, e.g. 0.81.")] = None,
    changed: Annotated[
        list[str] | None,
        round_option(
            help="The one thing done in it: label, other_sources, fine_tune, clean, tune, bigger_model or test_set."
        ),
    ] = None,
    test_rows: Annotated[int | None, round_option(help="Rows it was scored on; the test file's when left out.")] = None,
    corrects: Annotated[int | None, round_option("--corrects", help="The round whose place this one takes.")] = None,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """After a round: what it showed, what that changed, and what to do now.

    Give what the round showed: `tunecase next --rows 1360 --score 0.74 --changed label`. The same rows and change once
    more correct that round's score; `--corrects 2` puts it in the place of round 2. Without a round, the news since the
    last decision (a longer pilot, reviews, new prices) are told.
    """
    from tunecase import flow
    from tunecase.errors import InputError, Problem

    opened = open_project(project, seed, today)
    made = None
    if any(given is not None for given in (rows, score, test_rows, corrects)) or changed:
        wanted = {"--rows": rows, "--score": score, "--changed": changed}
        lacking = [name for name, value in wanted.items() if not value and value != 0]
        if lacking:
            fix = "give all three, as in `tunecase next --rows 1360 --score 0.74 --changed label`"
            raise InputError([Problem(name, "nothing", "what the round showed", fix) for name in lacking])
        assert rows is not None
        assert score is not None
        made = flow.add_round(opened, rows, score, changed or (), test_rows, corrects)
    finish("next", flow.next_step(opened, made), json, case=opened)
