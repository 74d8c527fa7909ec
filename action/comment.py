"""Writes the comment of a pull request, in place of the one that it wrote before.

Reads COMMENT and TOKEN (see action.yml). The text goes to the summary of the job as well, where it stands alone if the
token may not write, as of a pull request from a fork.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from changes import event
from said import annotate, append, cut, work_folder

MARK = "<!-- written by tunecase for this pull request -->"
PAGES = 30  # of 100 comments each
PATIENCE_S = 30
MAY_NOT = (401, 403, 404)


def asked(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """What the API answers, as JSON. Raises urllib.error.URLError where it refuses or cannot be reached."""
    url = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/") + path
    headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {os.environ['TOKEN']}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def comments(place: str) -> Iterator[dict[str, Any]]:
    """All comments of the pull request, the oldest first."""
    for page in range(1, PAGES + 1):
        several = asked("GET", f"{place}/comments?per_page=100&page={page}")
        yield from several
        if len(several) < 100:
            return


def writer() -> str:
    """The account that the token belongs to; empty for the token of a job, which may not ask."""
    try:
        return str(asked("GET", "/user")["login"])
    except urllib.error.HTTPError:
        return ""


def is_own(comment: dict[str, Any], login: str) -> bool:
    """Whether this action wrote a comment: anybody may write its mark."""
    user = comment.get("user") or {}
    mine = user.get("login") == login if login else user.get("type") == "Bot"
    return bool(mine and str(comment.get("body", "")).startswith(MARK))


def write(repository: str, number: int, text: str) -> None:
    """Changes the comment that stands there, or adds one."""
    place, login = f"/repos/{repository}/issues/{number}", writer()
    own = next((comment for comment in comments(place) if is_own(comment, login)), None)
    if own is None:
        asked("POST", f"{place}/comments", {"body": text})
    else:
        asked("PATCH", f"/repos/{repository}/issues/comments/{int(own['id'])}", {"body": text})


def main() -> None:
    """Never fails the job: what the comment says stands in the summary too."""
    text = f"{MARK}\n## tunecase\n\n{cut((work_folder() / 'comment.md').read_text(encoding='utf-8'))}"
    append("GITHUB_STEP_SUMMARY", text)
    number = (event().get("pull_request") or {}).get("number")
    if number is None or os.environ.get("COMMENT", "").strip().lower() != "true" or not os.environ.get("TOKEN"):
        return
    try:
        write(os.environ["GITHUB_REPOSITORY"], int(number), text)
    except urllib.error.HTTPError as error:
        why = "this token may not write comments" if error.code in MAY_NOT else f"the API answered {error.code}"
        annotate("notice", f"{why}; the text stands in the summary of the job")
    except OSError as error:
        annotate("warning", f"the API cannot be reached ({error}); the text stands in the summary of the job")


if __name__ == "__main__":
    main()
