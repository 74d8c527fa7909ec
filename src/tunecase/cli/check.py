"""The command `check`: whether the advice of an old case still holds at today's prices."""

from tunecase.cli.options import HERE, AsJson, ProjectFile, Today, finish, open_project


def check(project: ProjectFile = HERE, json: AsJson = False, today: Today = None) -> None:
    """Does the advice of an old case still hold at today's prices?

    The last estimate and decision on file are made again at today's prices,
    retirements and exchange rates, and held beside what they said. Prices are
    those of this version's tables and of the file under `prices:`; renew that
    with `tunecase prices --update`. Nothing is asked, fetched or written, so it
    fits a calendar job: exit code 0 where the advice holds, 1 where it does not.

    Examples: tunecase check · tunecase check --json --project cases/mail/tunecase.yaml
    """
    from tunecase import flow

    finish("check", flow.check(open_project(project, 0, today)), json)
