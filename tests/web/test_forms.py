"""Bodies of forms: read whatever the pieces they come in, within bounds."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import pytest

from tunecase.web import forms
from tunecase.web.forms import Form, read_form, safe_name
from tunecase.web.guard import RefusedError, Request

PART = 'Content-Disposition: form-data; name="{}"'
BODY = "\r\n".join([
    "--m", PART.format("token"), "", "a.b", "--m", PART.format("bill") + '; filename="x.csv"', "", "1,2\r\n--m,3\r\n",
    "--m", PART.format("note"), "", "ä", "--m--", "",
]).encode()  # fmt: skip


def read(body: bytes, size: int, *, kind: str = "multipart/form-data; boundary=m", cut: bool = False) -> Form:
    """The form of a body that comes in pieces of a size, or goes before its end."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    sent = [{"type": "http.request", "body": one, "more_body": True} for one in pieces]
    sent[-1]["more_body"] = False
    if cut:
        sent[-1] = {"type": "http.disconnect"}
    messages = iter(sent)

    async def receive() -> dict[str, object]:
        return next(messages)

    head = {"content-type": kind, "content-length": str(len(body))}
    return asyncio.run(read_form(Request("POST", "/", "", head), receive, with_file="multipart" in kind))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_a_file_comes_whole_in_whatever_pieces(size: int) -> None:
    """Fields before and behind it, and a line in it that looks like the end of a part."""
    form = read(BODY, size)
    try:
        assert {"token": "a.b", "note": "ä"} == form.fields
        assert ("x.csv", b"1,2\r\n--m,3\r\n") == (form.file.name, form.file.read_bytes())
    finally:
        form.drop()
    assert not form.file.parent.exists()


def test_nothing_stays_of_what_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off, without an end, with too much beside the file: refused, and no file is left."""
    monkeypatch.setattr(forms.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(forms, "MOST_FORM_BYTES", 100)
    much = BODY.replace(b"\xc3\xa4", b"x" * 200)
    for body, cut in ((BODY, True), (BODY[:-30], False), (much, False), (b"", False)):
        with pytest.raises(RefusedError) as refused:
            read(body, 50, cut=cut)
        assert HTTPStatus.BAD_REQUEST == refused.value.status
    assert [] == list(tmp_path.iterdir())


def test_fields_are_read_as_browsers_send_them() -> None:
    """Plus signs, letters beyond ASCII, empty fields; of two of one name the last."""
    form = read(b"note=a+b%C3%A4&on=&line=gpu&line=labour", 5, kind="application/x-www-form-urlencoded")
    assert ({"note": "a bä", "on": "", "line": "labour"}, None) == (form.fields, form.file)


def test_a_file_s_name_leads_nowhere() -> None:
    """Whatever a browser says, it is one name in our folder, and keeps its ending."""
    names = ("../../etc/passwd", "C:\\x\\b.csv", "", "..", "/", ".csv", "a" * 300 + ".csv.gz", "a\0b.csv", "ä.parquet")
    for name in names:
        found = safe_name(name)
        assert (0 < len(found) < 100, Path(found).name) == (True, found), name
        assert not set(found) & set("/\\\0")
        assert not found.startswith(".")
    assert [".gz", ".parquet"] == [Path(safe_name(name)).suffix for name in names if name.endswith(("gz", "parquet"))]
