"""The app's addresses: what each shows, what each form does, and whom it refuses."""

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests import walked
from tests.books.importers.bills import as_csv, row
from tests.making import case_folder
from tests.web.slow_pilots import until
from tests.web.visiting import TOKEN, Answer, Served, everything, served_cases
from tunecase import flow
from tunecase.errors import LedgerBusyError
from tunecase.ledger import Ledger
from tunecase.web import acts, connection, forms
from tunecase.web.cases import Cases

TODAY = date(2026, 11, 24)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with two cases, one of which cannot be read."""
    for name in ("tickets", "broken"):
        (tmp_path / name).mkdir()
        case_folder(tmp_path / name)
    (tmp_path / "broken" / "tunecase.yaml").write_text("name: [", encoding="utf-8")
    return tmp_path


@pytest.fixture
def site(shelf: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Both cases served, with a folder of their own for what is temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))
    with served_cases(shelf, today=TODAY) as found:
        yield found
        assert [] == found.failures


def key(shelf: Path, name: str = "tickets") -> str:
    """The key of a case."""
    from tunecase.web.cases import key_of

    return key_of(shelf.resolve(), shelf.resolve() / name / "tunecase.yaml")


def booked(shelf: Path) -> list[str]:
    """The amounts of the charges in the ledger."""
    return [entry.body["amount"] for entry in Ledger(shelf / "tickets" / "ledger.jsonl").entries_of("spend", "spend")]


def charge(site: Served, shelf: Path, token: str, **typed: str) -> Answer:
    """The reply to the form of a charge."""
    fields = {"amount": "12.50", "currency": "USD", "line": "gpu", "on": "", "note": "", "token": token, **typed}
    return site.post(f"/case/{key(shelf)}/charges", fields)


def form_token(site: Served, shelf: Path) -> str:
    """The token of one drawing of the books."""
    return site.ask(f"/case/{key(shelf)}/pilot").token


def test_the_first_page_shows_all_cases(site: Served, shelf: Path) -> None:
    """A sound case by its name, a broken one with its fault; one that appears shows at the next visit."""
    page = site.ask("/").page
    assert all(word in page for word in ("tickets", "broken", "tunecase.yaml"))
    (shelf / "deep" / "er").mkdir(parents=True)
    shutil.copytree(shelf / "tickets", shelf / "deep" / "er" / "late")
    assert key(shelf, "deep/er/late") not in page
    assert key(shelf, "deep/er/late") in site.ask("/").page


def test_style_and_script_are_served_as_such(site: Served) -> None:
    """Each under its own type, to the element that wants it, and to nobody without the token."""
    for name, kind in (("css", "style"), ("js", "script")):
        found = site.ask(f"/static/app.{name}", Sec_Fetch_Dest=kind, Sec_Fetch_Site="same-origin")
        assert (200, True) == (found.status, "html" not in found.headers["Content-Type"])
        assert 403 == site.ask(f"/static/app.{name}", token="").status
        assert 403 == site.ask("/", Sec_Fetch_Dest=kind).status


def test_the_app_s_pages_have_its_policy(site: Served, shelf: Path) -> None:
    """Style, script, data and forms from here alone, nothing inline."""
    policy = site.ask(f"/case/{key(shelf)}/pilot").headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def test_a_case_that_cannot_be_read_says_why(site: Served, shelf: Path) -> None:
    """Its page holds the mistake; no tab, key or page that never was is one."""
    assert (500, True) == ((found := site.ask(f"/case/{key(shelf, 'broken')}/answer")).status, "yaml" in found.page)
    for address in ("none-123456/answer", f"{key(shelf)}/nothing", f"{key(shelf)}/answer/more", "..%2F..%2Fetc/answer"):
        assert 404 == site.ask(f"/case/{address}").status, address
    assert f"/case/{key(shelf)}/answer" == site.ask(f"/case/{key(shelf)}").headers["Location"]


def test_drawing_writes_nothing(site: Served, shelf: Path) -> None:
    """No tab leaves an entry in the ledger, or any file."""
    before = sorted(path.relative_to(shelf).as_posix() for path in shelf.rglob("*"))
    for tab in ("books", "pilot"):
        assert 200 == site.ask(f"/case/{key(shelf)}/{tab}").status
    assert before == sorted(path.relative_to(shelf).as_posix() for path in shelf.rglob("*"))


def test_a_folder_that_vanishes_is_told(site: Served, shelf: Path) -> None:
    """Its page says what is gone and what to do, its stream too, and the others are served on."""
    address, token = f"/case/{key(shelf)}", form_token(site, shelf)
    with site.stream(f"{address}/pilot/events") as stream:
        assert stream.event() is not None
        shutil.move(shelf / "tickets", shelf.parent / f"{shelf.name}-moved")
        assert "no such folder any more" in str(stream.event()["html"])
        found = site.ask(f"{address}/pilot")
        assert (404, True) == (found.status, "no such folder any more" in found.page)
        assert 404 == charge(site, shelf, token).status
        shutil.move(shelf.parent / f"{shelf.name}-moved", shelf / "tickets")
        assert "no such folder" not in str(stream.event()["html"])
    assert 200 == site.ask(f"{address}/pilot").status


def test_a_charge_is_booked_and_told(site: Served, shelf: Path) -> None:
    """The ledger has it, and the tab that the visitor is sent to says so."""
    back = site.filled(charge(site, shelf, form_token(site, shelf)))
    assert "Booked: 12.50 USD for training" in back.done
    assert ["12.50"] == booked(shelf)


def test_mistakes_come_back_by_their_fields(site: Served, shelf: Path) -> None:
    """All of them, beside what was typed; nothing is booked."""
    typed = {"amount": "<b>12,5,0</b>", "currency": "XXX", "line": "gup", "on": "2026-13-01"}
    back = site.filled(charge(site, shelf, form_token(site, shelf), **typed))
    assert [] == booked(shelf)
    assert "Did you mean gpu" in back.mistakes["line"]
    assert {"amount", "line", "on", "currency"} == set(back.mistakes)
    below = site.filled(charge(site, shelf, form_token(site, shelf), amount="-5"))
    assert ("above zero" in below.mistakes["amount"], "--" in below.mistakes["amount"]) == (True, False)
    assert all("wanted" in words for words in back.mistakes.values())
    assert {**typed, "note": ""} == back.typed


def test_a_double_click_books_once(site: Served, shelf: Path) -> None:
    """The same drawing sent twice at once books one charge, and both visitors read of it; other words are another."""
    token, replies = form_token(site, shelf), []
    clicks = [threading.Thread(target=lambda: replies.append(charge(site, shelf, token))) for _ in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join(30)
    assert ["12.50"] == booked(shelf)
    assert 1 == len({reply.headers["Location"] for reply in replies})
    charge(site, shelf, token, amount="3.00")
    charge(site, shelf, form_token(site, shelf))
    assert ["12.50", "3.00", "12.50"] == booked(shelf)


def test_what_failed_is_tried_again(site: Served, shelf: Path) -> None:
    """While another program holds the ledger nothing is booked; the same form, sent again afterwards, books once."""
    token = form_token(site, shelf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tunecase.web.acts.flow.spend_text", busy)
        assert "" == site.filled(charge(site, shelf, token)).done
    for _ in range(2):
        assert "Booked: 12.50 USD" in site.filled(charge(site, shelf, token)).done
    assert ["12.50"] == booked(shelf)


def test_two_tabs_book_at_once(site: Served, shelf: Path) -> None:
    """Forms of several drawings sent at the same time are all booked, and the chain holds."""
    tokens = [form_token(site, shelf) for _ in range(5)]
    tabs = [threading.Thread(target=charge, args=(site, shelf, token)) for token in tokens]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(60)
    assert ["12.50"] * 5 == booked(shelf)
    assert [] == Ledger(shelf / "tickets" / "ledger.jsonl").verify()


def test_only_our_own_forms_act(site: Served, shelf: Path) -> None:
    """No cookie, no token, another drawing's signature, another site: refused, and nothing is booked."""
    token, address = form_token(site, shelf), f"/case/{key(shelf)}/charges"
    fields = {"amount": "1", "token": token}
    forged = f"{'0' * 32}.{token.partition('.')[2]}"
    refused = [
        site.post(address, fields, token=""), site.post(address, {"amount": "1"}), site.post(address, fields, "x"),
        site.post(address, {**fields, "token": TOKEN}), site.post(address, {**fields, "token": forged}),
        site.post(address, {**fields, "token": "."}), site.post(address, {**fields, "token": "\xe9"}),
        site.post(address, fields, Origin="https://evil.example"), site.post(address, fields, Origin="null"),
        site.post(address, fields, Sec_Fetch_Site="cross-site"), site.post(address, fields, Sec_Fetch_Site="none"),
        site.post(address, fields, Origin=""),
        site.post(address, fields, Origin="null", Sec_Fetch_Site="same-site"),
    ]  # fmt: skip
    assert [403] * len(refused) == [one.status for one in refused]
    assert [] == booked(shelf)
    taken = [
        site.post(address, fields, Origin="", Sec_Fetch_Site="same-origin"),
        site.post(address, fields, Origin="null", Sec_Fetch_Site="same-origin"),
    ]
    assert [303, 303] == [one.status for one in taken]


def test_wrong_methods_name_the_right_ones(site: Served, shelf: Path) -> None:
    """A form's address is not read, a page is not written."""
    for address, method, allowed in (("/", "POST", "GET, HEAD"), ("/", "DELETE", "GET, HEAD"),
                                     (f"/case/{key(shelf)}/charges", "GET", "POST"),
                                     (f"/case/{key(shelf)}/pilot/start", "PUT", "POST")):  # fmt: skip
        found = site.ask(address, method)
        assert (405, allowed) == (found.status, found.headers["Allow"])


def test_bodies_are_bounded(site: Served, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large, of another kind, without a length, or not a form: refused in words, and nothing is booked."""
    address, plain = f"/case/{key(shelf)}/charges", "application/x-www-form-urlencoded"
    own = {"Origin": site.origin, "Content-Type": plain}
    monkeypatch.setattr(forms, "MOST_FILE_BYTES", 100_000)
    chunked = {"Transfer-Encoding": "chunked"}
    large = site.sent(f"/case/{key(shelf)}/bill", b"x" * 300_000, {**own, "Content-Type": "multipart/form-data"})
    found = [
        site.sent(address, b"a=" + b"x" * 64_000, own).status, large.status,
        site.sent(address, b"{}", {**own, "Content-Type": "application/json"}).status,
        site.sent(address, b"a=b", {**own, "Content-Length": ""}).status,
        site.sent(address, b"a=%ff", own).status, site.sent(address, b"\xff\xfe", own).status,
        site.sent(address, b"&".join([b"a=b"] * 500), own).status,
        site.sent(address, b"3\r\na=b\r\n0\r\n\r\n", {**own, "Content-Length": "", **chunked}).status,
    ]  # fmt: skip
    assert [413, 413, 415, 411, 400, 400, 400, 411] == found
    assert [] == booked(shelf)


def bill(site: Served, shelf: Path, content: bytes, name: str = "bill.csv", token: str = "") -> Answer:
    """The reply to a bill, its token behind the file as in front of it."""
    token, mark = token or form_token(site, shelf), "x-mark"
    parts = (
        f'--{mark}\r\nContent-Disposition: form-data; name="bill"; filename="{name}"\r\n\r\n'.encode() + content
        + f'\r\n--{mark}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n--{mark}--\r\n'.encode()
    )  # fmt: skip
    kind = {"Origin": site.origin, "Content-Type": f"multipart/form-data; boundary={mark}"}
    return site.sent(f"/case/{key(shelf)}/bill", parts, kind)


def test_a_bill_is_shown_then_booked_once(site: Served, shelf: Path, tmp_path: Path) -> None:
    """What it would book comes first; two tabs that confirm it book it once, and the same bill then brings nothing."""
    content = as_csv(tmp_path / "own.csv", [row(ResourceId=f"i-{n}") for n in range(3)]).read_bytes()
    shown = site.filled(bill(site, shelf, content, "../../März 1.csv"))
    assert shown.confirm[0] == "3 charges, 4.87 USD, 2 November 2026."
    assert [] == booked(shelf)
    fields = {"held": shown.held, "token": form_token(site, shelf)}
    address = f"/case/{key(shelf)}/bill/book"
    other = {**fields, "token": form_token(site, shelf)}
    for sent in (fields, other, fields):
        assert "Booked: 3 charges, 4.87 USD" in site.filled(site.post(address, sent)).done
    assert ["1.624"] * 3 == booked(shelf)
    assert "Nothing is to be booked" in site.filled(bill(site, shelf, content)).done
    assert [] == list(Path(tempfile.gettempdir()).iterdir())


def test_a_bill_that_cannot_be_booked_now_stays(site: Served, shelf: Path, tmp_path: Path) -> None:
    """The failure is told beside what it would book, and the next click books it."""
    content, address = as_csv(tmp_path / "own.csv", [row()]).read_bytes(), f"/case/{key(shelf)}/bill/book"
    shown = site.filled(bill(site, shelf, content))
    fields = {"held": shown.held, "token": form_token(site, shelf)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tunecase.web.acts.flow.spend_import", busy)
        reply = site.post(address, fields)
        failed = site.filled(reply)
        assert (shown.confirm, shown.held) == (failed.confirm, failed.held)
        assert "the ledger is held" in site.ask(reply.headers["Location"]).page
    assert "Booked: 1 charge" in site.filled(site.post(address, fields)).done
    assert [] == list(Path(tempfile.gettempdir()).iterdir())


def busy(*_: object) -> None:
    """What another program keeps from being done."""
    raise LedgerBusyError("the ledger is held")


def test_no_bill_stays_of_what_is_gone_or_fails(site: Served, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bill for a case that has vanished, and one whose reading fails in a way that nobody foresaw."""
    monkeypatch.setattr("tunecase.web.acts.flow.spend_import", lambda *_: 1 / 0)
    assert 500 == bill(site, shelf, b"a,b\n1,2\n").status
    site.failures.clear()
    token = form_token(site, shelf)
    shutil.move(shelf / "tickets" / "tunecase.yaml", shelf / "tickets" / "moved.yaml")
    assert 404 == bill(site, shelf, b"a,b\n1,2\n", token=token).status
    assert [] == list(Path(tempfile.gettempdir()).iterdir())


def test_a_bill_may_be_left_and_does_not_wait_for_ever(
    site: Served, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left or forgotten, nothing of it is booked, and its file is gone, whether anybody comes again or not."""
    content = as_csv(tmp_path / "own.csv", [row()]).read_bytes()
    for ending in ("leave", "old"):
        if ending == "old":
            monkeypatch.setattr(acts, "HELD_S", 0.5)
        name = site.filled(bill(site, shelf, content)).held
        file = site.app.bills._held[name].file
        if ending == "leave":
            site.post(f"/case/{key(shelf)}/bill/leave", {"held": name, "token": form_token(site, shelf)})
        else:
            until(lambda: not site.app.bills._held, 10)
        assert not file.parent.exists()
        fields = {"held": name, "token": form_token(site, shelf)}
        assert "no longer held" in site.filled(site.post(f"/case/{key(shelf)}/bill/book", fields)).mistakes[""]
    assert [] == booked(shelf)


def test_a_bill_that_cannot_be_read_says_why(site: Served, shelf: Path) -> None:
    """A file that is none, an empty one, half a body: in words, without the name of our own folder."""
    words = site.filled(bill(site, shelf, b"\x00\x01nothing", "odd.csv")).mistakes["bill"]
    assert ("wanted" in words, "tunecase-bill-" in words) == (True, False)
    assert "Nothing was sent" in site.filled(bill(site, shelf, b"")).mistakes["bill"]
    own = {"Origin": site.origin, "Content-Type": "multipart/form-data; boundary=m"}
    for body in (b"--m\r\nhalf", b"", b"no parts", b'--m\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'):
        assert 400 == site.sent(f"/case/{key(shelf)}/bill", body, own).status, body


def test_an_approval_needs_a_plan(site: Served, shelf: Path) -> None:
    """Without a decision the form comes back with the reason, and nothing is kept."""
    fields = {"amount": "100 USD", "by": "Head", "until": "2027-01-31", "note": ""}
    bare = acts.approve(site.app.cases.case(key(shelf)), fields)
    assert "load this page again" in bare.mistakes[""].lower()
    sent = {**fields, "plan": "a" * 64, "last": "", "token": form_token(site, shelf)}
    reply = site.post(f"/case/{key(shelf)}/approve", sent)
    assert reply.headers["Location"].startswith(f"/case/{key(shelf)}/answer?sent=")
    ((_, filled),) = site.app.filled.values()
    assert ("approve", True, fields) == (filled.form, "no plan in the ledger" in filled.mistakes[""], filled.typed)
    assert not (shelf / "tickets" / "ledger.jsonl").exists()


def test_a_page_that_takes_seconds_comes_by_itself(site: Served, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tab is there at once and says so, leads to the address that waits, and holds up no other visit."""
    goes_on = threading.Event()
    contents = flow.contents
    monkeypatch.setattr("tunecase.web.cases.flow.contents", lambda one: goes_on.wait(30) and contents(one))
    address = f"/case/{key(shelf)}/answer"
    began = time.monotonic()
    first = site.ask(address)
    found: list[Answer] = []
    waits = threading.Thread(target=lambda: found.append(site.ask(f"{address}?wait=1")))
    waits.start()
    assert (200, 200) == (first.status, site.ask("/").status)
    assert time.monotonic() - began < 10
    assert f'content="0; url={address}?wait=1"' in first.page
    assert "It is being worked out" in first.page
    assert [] == found
    goes_on.set()
    waits.join(60)
    assert (200, False) == (found[0].status, "refresh" in found[0].page)
    assert "refresh" not in site.ask(address).page


def test_a_plan_that_was_run_is_not_told_to_be_run(tmp_path: Path) -> None:
    """Where there are no training rows, the tabs that lack something say so, and lead to the page that there is."""
    walked.path_of("planned", tmp_path)
    with served_cases(tmp_path, today=TODAY) as site:
        base = f"/case/{site.app.cases.shelf().cases[0].key}"
        site.ask(f"{base}/answer?wait=1")
        shown = {tab: site.ask(f"{base}/{tab}").page for tab in ("money", "data", "what-if")}
    assert "<h2>In the middle case the whole plan costs" in shown.pop("money")
    for page in shown.values():
        assert "In a terminal: <code>tunecase run</code>" not in page
        assert "under <code>data:</code>, in place of <code>rows:</code>" in page
        assert f'href="{base}/page">Open the whole page' in page


def test_a_trainer_of_one_s_own_is_not_started(site: Served, shelf: Path) -> None:
    """What it runs is said in a terminal alone."""
    fields = {"trainer": "command", "max_minutes": "1", "max_usd": "1", "token": form_token(site, shelf)}
    assert (
        "a trainer of your own" in site.filled(site.post(f"/case/{key(shelf)}/pilot/start", fields)).mistakes["trainer"]
    )
    assert {} == site.app.cases.pilots.running()


def test_the_pilot_is_that_of_the_folder(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project file that is a link, be it to another case, starts the pilot where the link lies."""
    other = shelf.parent / f"{shelf.name}-other"
    shutil.copytree(shelf / "tickets", other)
    (shelf / "tickets" / "tunecase.yaml").unlink()
    (shelf / "tickets" / "tunecase.yaml").symlink_to(other / "tunecase.yaml")
    asked: list[str] = []
    monkeypatch.setattr("tunecase.web.pilots.PilotProcess", lambda one: asked.append(one.project))
    shown = Cases(shelf, today=TODAY)
    acts.start(shown.case(key(shelf)), shown.pilots, {"trainer": "simulated"})
    assert [str(shelf.resolve() / "tickets" / "tunecase.yaml")] == asked


def test_caps_are_read_before_a_pilot_begins(site: Served, shelf: Path) -> None:
    """Caps that are no numbers, and a learner that may cost money without any, start nothing."""
    for typed, words in (({"max_minutes": "soon", "max_usd": "-1"}, "wanted a number above 0"),
                         ({"trainer": "hosted"}, "may cost money")):  # fmt: skip
        fields = {"trainer": "", "max_minutes": "", "max_usd": "", **typed, "token": form_token(site, shelf)}
        assert words in " ".join(site.filled(site.post(f"/case/{key(shelf)}/pilot/start", fields)).mistakes.values())
    assert {} == site.app.cases.pilots.running()


def test_a_slow_body_is_cut_off(site: Served, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drips a bill is closed in time, others are served meanwhile, and nothing of it stays."""
    monkeypatch.setattr(connection, "BODY_S", 0.5)
    head = f"POST /case/{key(shelf)}/bill HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    head += f"Cookie: tunecase-{site.port}={TOKEN}\r\nContent-Type: multipart/form-data; boundary=m\r\n"
    part = '--m\r\nContent-Disposition: form-data; name="bill"; filename="a.csv"\r\n\r\nhalf'
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as slow:
        slow.sendall(f"{head}Content-Length: 5000\r\n\r\n{part}".encode())
        assert 200 == site.ask(f"/case/{key(shelf)}/pilot").status
        assert b"" == everything(slow)
    assert time.monotonic() - began < 10
    end = time.monotonic() + 10
    while (left := list(Path(tempfile.gettempdir()).iterdir())) and time.monotonic() < end:
        time.sleep(0.02)
    assert [] == left


def test_the_served_folder_may_vanish(site: Served, shelf: Path) -> None:
    """The first page says so, and shows the cases again once it is back."""
    shelf.rename(moved := shelf.with_name(f"{shelf.name}-moved"))
    found = site.ask("/")
    assert (500, True) == (found.status, "no such folder" in found.page)
    moved.rename(shelf)
    assert 200 == site.ask("/").status
