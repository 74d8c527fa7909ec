"""Cases made by hand for the tests of the app's pages, and a server that shows them under the app's own policy."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.report import pages as report_pages
from tunecase.blocks import Page
from tunecase.quantities import Band, Sampled
from tunecase.records import (
    Approval,
    Approvals,
    Approved,
    Authorised,
    BookLine,
    Books,
    Charge,
    Charges,
    Spending,
    UnreadCharge,
)
from tunecase.web import pages
from tunecase.web.views import CaseRow, CaseView, Filled, LiveRun, PilotState, Shelf, Tab

TOKEN = "a-token-for-tests"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TABS: tuple[Tab, ...] = ("answer", "money", "data", "pilot", "books", "what-if")
SIZES = (21, 43, 85, 170, 340, 680)
SCORES = (0.19, 0.24, 0.31, 0.39, 0.46, 0.5)


def run(number: int, **changed: object) -> LiveRun:
    """The run of a number: sizes from the smallest up, draw by draw."""
    draw, at = divmod(number, len(SIZES))
    made = LiveRun(f"run-{number}", SIZES[at], SCORES[at] + 0.02 * (draw - 1), 0.2 * (at + 1), 0.0, "word counts", draw)
    return replace(made, **changed)  # type: ignore[arg-type]


def state(done: int = 0, *, running: bool = False, **changed: object) -> PilotState:
    """A pilot of 16 runs with so many done."""
    said = f"Run {done + 1} of 16 is training." if running else "Nothing is running."
    made = PilotState(
        f"{done}-{running}",
        running,
        running,
        tuple(map(run, range(done))),
        16,
        5.0 if running else None,
        0.0,
        5.0,
        "accuracy",
        0.8,
        said,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def spending(number: int, amount: str, category: str = "labour", note: str = "Error analysis, 4 h") -> Charge:
    """A charge of a day in November."""
    much = Decimal(amount)
    return Charge(f"{number:064x}", Spending(date(2026, 11, number), category, much, "USD", much, note))


CHARGES = Charges(
    "USD",
    (
        spending(20, "380.00"),
        spending(22, "1.55", "gpu", "GPU hours"),
        replace(spending(24, "90.00", "gpu", "estimated"), out="a bill covers it"),
    ),
    Decimal("381.55"),
    set_aside=(UnreadCharge("77ab01", "12.50 USD"),),
)
BOOKS = Books(
    "USD",
    (
        BookLine(
            "labour",
            Band(830, 1_500, 2_800, 3_500),
            Decimal(380),
            None,
            1,
            at_completion=Band(900, 1_600, 2_900, 3_600),
        ),
        BookLine("gpu", Band(1, 2, 4, 5), Decimal("1.55"), None, 1, at_completion=Band(2, 3, 5, 6)),
    ),
    Band(831, 1_502, 2_804, 3_505),
    Decimal("381.55"),
    15_000.0,
    Decimal("14618.45"),
    0.05,
    2,
    0,
    True,
    "",
    at_completion=Band(902, 2_100, 2_905, 3_606),
)
RELEASE = Sampled(1_500.0)
PARTS = Authorised(1_700.0, 3_000.0, 3_500.0)
ASKED = Approvals("USD", "5f0c2d77ab01", "train the larger model", RELEASE)
GIVEN = Approval(
    Decimal(1_500),
    "USD",
    Decimal(1_500),
    "Head of Support",
    date(2026, 11, 27),
    "5f0c2d77ab01",
    "train",
    "below 67%",
    RELEASE,
    PARTS,
)
RELEASED = Approvals(
    "USD",
    "5f0c2d77ab01",
    "train",
    RELEASE,
    approved=(Approved("1" * 64, GIVEN, Decimal(380), Decimal(1_120), "in force"),),
    total=Decimal(1_500),
    spent=Decimal(380),
)
LINES = ("labour", "data", "gpu", "evaluation", "other")


_MONEY, _EVIDENCE = report_pages.PAGE.parts
PAGE = replace(
    report_pages.PAGE,
    parts=(
        _MONEY,
        replace(_EVIDENCE, findings=(*_EVIDENCE.findings[:-1], replace(_EVIDENCE.findings[-1], about="data"))),
    ),
)


def view(page: Page | None = PAGE, **changed: object) -> CaseView:
    """A case with twelve runs, two charges and a plan that asks for an approval."""
    made = CaseView("support", "Support-ticket routing", "USD", LINES, page, state(12), BOOKS, CHARGES, ASKED)
    return replace(made, **changed)  # type: ignore[arg-type]


SHELF = Shelf(
    "/home/ada/cases",
    (
        CaseRow(
            "Support-ticket routing", "Yes, in stages", "plain", "1,500 USD", "40%", "380 of 15,000 USD", 0.025,
            "an approval of 1,500 USD", key="support", place="teams/support", is_running=True,
        ),
        CaseRow(
            "Invoice fields", "Yes: ship", "good", "0 USD", "92%", "6,400 of 9,000 USD", 0.71, "nothing", key="invoices"
        ),
        CaseRow(
            "Contract summaries", "Not yet", "warn", "180 USD", "", "0 of 20,000 USD", 0.0, "100 answers to be read",
            key="contracts",
        ),
        CaseRow("Chat tone", "No", "bad", "0 USD", "3%", "310 of 5,000 USD", 0.062, "nothing", key="tone"),
        CaseRow("A case just begun", key="new"),
        CaseRow(
            "Broken", key="broken",
            fault="tunecase.yaml, line 3: got `budget: lots`, wanted an amount such as 15000 USD."
            "\nFix: write the amount.",
        ),
    ),
    "2 folders more than 3 levels down were not looked at.",
)  # fmt: skip
MISTAKEN: Mapping[Tab, Filled] = {
    "answer": Filled(
        "approve",
        {"amount": "lots", "by": ""},
        {"amount": "got lots, wanted an amount such as 1500", "by": "say who approves it"},
    ),
    "pilot": Filled(
        "pilot",
        {"trainer": "magic", "max_minutes": "-1", "max_usd": "x"},
        {
            "trainer": "no trainer is called magic",
            "max_minutes": "wanted a number above 0",
            "ledger": "The ledger is locked.",
        },
    ),
    "books": Filled(
        "charge",
        {"amount": "12,3", "currency": "USD", "line": "gpu", "on": "2026-13-01", "note": "n"},
        {"amount": "`12,3` is not clear: write 12.30", "on": "got 2026-13-01, wanted a day"},
    ),
}
CONFIRM = Filled(
    "bill", confirm=("focus.csv: 2 charges, 1.55 USD, on training.", "1 row without an amount is left out."), held="h1"
)


@dataclass
class Shown:
    """What the server shows: the case, the form that came back, the events, what was posted, how slowly it answers."""

    port: int = 0
    case: CaseView = field(default_factory=view)
    filled: Filled | None = None
    events: list[PilotState] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    posted: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    is_down: bool = False
    drops: int = 0
    waits_s: float = 0.0

    def tell(self, pilot: PilotState) -> None:
        """A new event for every listener, which a reload shows too."""
        with self.changed:
            self.case = replace(self.case, pilot=pilot)
            self.events.append(pilot)
            self.changed.notify_all()

    def drop(self) -> None:
        """Ends every stream."""
        with self.changed:
            self.drops += 1
            self.changed.notify_all()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def event(pilot: PilotState) -> bytes:
    """An event of the pilot's stream."""
    data = {
        "html": pages.live_fragment(pilot),
        "running": pilot.is_running,
        "can_stop": pilot.can_stop,
        "said": pilot.said,
    }
    return f"id: {pilot.id}\nevent: pilot\ndata: {json.dumps(data)}\n\n".encode()


class Handler(BaseHTTPRequestHandler):
    """Answers as the app does, as far as its pages can tell."""

    shown: Shown

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """A page, a file, or the stream."""
        if self.shown.is_down:
            self.send_error(503)
        elif self.path.endswith("/pilot/events"):
            self._stream()
        elif self.path == "/static/app.css":
            self._send(pages.STYLE, "text/css")
        elif self.path == "/static/app.js":
            self._send(pages.SCRIPT, "text/javascript")
        elif self.path == "/":
            self._send(pages.cases_page(SHELF))
        elif self.path.startswith("/case/support/"):
            tab = self.path.rpartition("/")[2].partition("?")[0]
            filled, self.shown.filled = self.shown.filled, None
            self._send(pages.case_page(self.shown.case, tab, TOKEN, filled))  # type: ignore[arg-type]
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Keeps what was posted, and sends back to the tab."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.shown.raw.append(body)
        self.shown.posted.append((self.path, parse_qs(body.decode("latin-1"), keep_blank_values=True)))
        time.sleep(self.shown.waits_s)
        tab = next(tab for word, tab in (("pilot", "pilot"), ("approve", "answer"), ("", "books")) if word in self.path)
        self.send_response(303)
        self.send_header("Location", f"/case/support/{tab}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, text: str, kind: str = "text/html; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        shown, drops = self.shown, self.shown.drops
        sent = max(len(self.shown.events) - 1, 0)
        try:
            self.wfile.write(b"retry: 300\n\n" + (b"" if self.shown.events else event(self.shown.case.pilot)))
            while self.shown.drops == drops:
                with shown.changed:
                    shown.changed.wait_for(lambda had=sent: len(shown.events) > had or shown.drops != drops, timeout=1)
                    new, sent = shown.events[sent:], len(shown.events)
                self.wfile.write(b"".join(map(event, new)) or b": here\n\n")
        except OSError:
            return


@contextmanager
def served(case: CaseView | None = None) -> Iterator[Shown]:
    """The case on a free port of this machine, until the block ends."""
    shown = Shown(case=case or view())
    kind = type("Bound", (Handler,), {"shown": shown})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    shown.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        shown.drop()
        server.shutdown()
        server.server_close()
        thread.join(20)
