"""The app: every address in one table, who may visit it, and the reply to each request, in ASGI's terms."""

import asyncio
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast, get_args
from urllib.parse import parse_qs, unquote

from tunecase import flow
from tunecase.errors import TunecaseError
from tunecase.web import acts, pages
from tunecase.web.acts import Bills, Case
from tunecase.web.cases import WITH_PAGE, Cases, is_piloted
from tunecase.web.forms import Form, Receive, read_form
from tunecase.web.guard import SHOWN_IN, Guard, RefusedError, Request
from tunecase.web.replies import APP, CSS, EVENTS, JAVASCRIPT, Reply, headers_of, headers_of_stream, onward, plain
from tunecase.web.state import gone_words, pilot_state
from tunecase.web.streams import Send, Stream, Streams, event_of, once_a_second, send_all
from tunecase.web.views import Filled, Tab

MOST_KEPT = 200  # forms that came back, and acts that were done, each by the id of its form
AT_ONCE_S = 0.7  # that a page may take before the last one is shown in its place
MOST_WAIT_S = 600.0  # for what is worked out anew
CLICKS_S = 3.0  # within which a second click on a button is the same one
MEND = "Mend it, then load this page again: it is drawn anew each time."
TABS = get_args(Tab)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that may be answered: what of its address is not fixed, and how its body and its end are heard."""

    request: Request
    parts: Mapping[str, str]
    receive: Receive


Answer = Reply | Stream
Handler = Callable[["App", Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """An address, a word in braces standing for any one part, and what answers a reader and who acts there.

    `shown_in` is what a browser may say that it wants the reply for.
    """

    address: str
    get: Handler | None = None
    post: Handler | None = None
    shown_in: Sequence[str] = SHOWN_IN

    def parts_of(self, path: str) -> Mapping[str, str] | None:
        """What of a path stands for the words in braces; None where the path is another."""
        own, given = self.address.split("/"), path.split("/")
        if len(own) != len(given):
            return None
        parts = {}
        for word, part in zip(own, given, strict=True):
            if word.startswith("{"):
                parts[word.strip("{}")] = unquote(part)
            elif word != part:
                return None
        return parts if parts.get("tab", "answer") in TABS else None

    def of_method(self, method: str) -> Handler:
        """What answers a method. Raises: RefusedError that names those which are answered."""
        handler = self.get if method in ("GET", "HEAD") else self.post if method == "POST" else None
        if handler is None:
            names = [*(["GET", "HEAD"] if self.get else []), *(["POST"] if self.post else [])]
            words = "This page can only be read." if self.get else "This address only takes forms."
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, words, {"Allow": ", ".join(names)})
        return handler


class Once:
    """Does what a form asks for once, however often the form is sent; later sendings get what the first one got.

    What was not done is forgotten as soon as it is told: who mends the cause sends the same form again.
    """

    def __init__(self) -> None:
        self._done: OrderedDict[object, tuple[float, asyncio.Future[tuple[str, bool]]]] = OrderedDict()

    async def do(self, key: object, act: Callable[[], Awaitable[tuple[str, bool]]], within_s: float = math.inf) -> str:
        """What the act gave when the key was first seen; it goes on where its visitor leaves.

        Args:
            key: what was asked for, by which drawing of the form.
            act: does it; gives the name of the reply, and whether it was done.
            within_s: how long a further sending counts as the same click [s].
        """
        began_s, done = self._done.get(key, (-math.inf, None))
        if done is None or _failed(done) or time.monotonic() - began_s > within_s:
            done = asyncio.ensure_future(act())
            self._done[key] = time.monotonic(), done
            self._done.move_to_end(key)
            while len(self._done) > MOST_KEPT and next(iter(self._done.values()))[1].done():
                self._done.popitem(last=False)
        return (await asyncio.shield(done))[0]


def _failed(act: "asyncio.Future[tuple[str, bool]]") -> bool:
    """Whether an act has come to its end without being done."""
    return act.done() and (act.cancelled() or act.exception() is not None or not act.result()[1])


class App:
    """The application that the server asks: every request gets one reply, or a stream of events."""

    def __init__(self, cases: Cases, guard: Guard, on_failure: Callable[[Exception], None] | None = None) -> None:
        self.cases, self.guard, self.on_failure = cases, guard, on_failure
        self.routes: Sequence[Route] = ROUTES
        self.bills, self.streams, self.once = Bills(), Streams(), Once()
        self.filled: OrderedDict[str, tuple[str, Filled]] = OrderedDict()
        self.drawing = asyncio.Lock()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request; a visitor who went while others were served gets nothing."""
        try:
            answer = await self._answer(Request.of(scope), receive)
        except RefusedError as refused:
            answer = plain(refused.status, str(refused), refused.headers)
        except GoneError:
            return
        except Exception as error:  # noqa: BLE001 - the last resort
            answer = self._failed(error)
        if isinstance(answer, Reply):
            await send({"type": "http.response.start", "status": answer.status.value, "headers": headers_of(answer)})
            await send({"type": "http.response.body", "body": answer.body})
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers_of_stream()})
            await send_all(answer, send, until_gone(receive))
        except Exception as error:  # noqa: BLE001 - the last resort
            self._failed(error)
        finally:
            answer.close()
        await send({"type": "http.response.body", "body": b""})

    def close(self) -> None:
        """Ends what the app has begun: pilots are interrupted and waited for, bills that wait are taken away."""
        self.streams.close()
        self.bills.close()
        self.cases.pilots.close()

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        self.guard.check_names(request)
        found = ((route, route.parts_of(request.path)) for route in self.routes)
        route, parts = next(((one, parts) for one, parts in found if parts is not None), (None, None))
        if route is None or parts is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is no page at this address. The cases are at /.")
        handler = route.of_method(request.method)
        self.guard.check_visit(request, route.shown_in)
        welcome = self.guard.headers_of_welcome(request)
        if welcome is not None:
            return onward("/", welcome)
        try:
            return await handler(self, Visit(request, parts, receive))
        except TunecaseError as error:
            return self.message("The page cannot be drawn", f"{error}\n\n{MEND}")

    def _failed(self, error: Exception) -> Reply:
        if self.on_failure is not None:
            self.on_failure(error)
        words = "tunecase itself failed. The terminal that serves this page says where its report is."
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR, words)

    def message(self, title: str, words: str, status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR) -> Reply:
        """A page that says one thing."""
        return Reply(status, pages.message_page(title, words), policy=APP)

    async def drawn(self, visit: Visit, draw: Callable[[], str]) -> str:
        """What is drawn beside the other visits, one at a time, in a thread. Raises: GoneError where nobody waits."""
        async with self.drawing:
            if await has_gone(visit.receive):
                raise GoneError
            return await asyncio.to_thread(draw)

    async def case_of(self, visit: Visit) -> Case:
        """The case of an address. Raises: RefusedError where there never was one."""
        case = await asyncio.to_thread(self.cases.case, visit.parts["key"])
        if case is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is no case at this address. The cases are at /.")
        return case

    def keep(self, key: str, filled: Filled) -> str:
        """Keeps a form that came back until it is shown; the name under which."""
        name = secrets.token_hex(8)
        self.filled[name] = key, filled
        while len(self.filled) > MOST_KEPT:
            self.filled.popitem(last=False)
        return name


class GoneError(Exception):
    """The visitor has left before there was a reply."""


async def until_gone(receive: Receive) -> None:
    """Waits until the visitor has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def has_gone(receive: Receive) -> bool:
    """Whether the visitor has left."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await until_gone(receive)
            return True
    return False


async def _cases(app: App, visit: Visit) -> Answer:
    page = await app.drawn(visit, lambda: pages.cases_page(app.cases.shelf()))
    return Reply(HTTPStatus.OK, page, policy=APP)


async def _style(app: App, visit: Visit) -> Answer:
    return Reply(HTTPStatus.OK, pages.STYLE, kind=CSS)


async def _script(app: App, visit: Visit) -> Answer:
    return Reply(HTTPStatus.OK, pages.SCRIPT, kind=JAVASCRIPT)


async def _first_tab(app: App, visit: Visit) -> Answer:
    return onward(f"/case/{(await app.case_of(visit)).key}/answer")


async def _tab(app: App, visit: Visit) -> Answer:
    case, tab = await app.case_of(visit), cast(Tab, visit.parts["tab"])
    if not case.project.is_file():
        return _vanished(app, case)
    asked = parse_qs(visit.request.query)
    name = asked.get("sent", [""])[0]
    key, filled = app.filled.get(name, ("", None))
    begun, sent = None, f"&sent={name}" if filled is not None else ""
    if tab in WITH_PAGE:
        begun = await asyncio.to_thread(app.cases.page_begun, case)
        await _wait(begun, visit, math.inf if "wait" in asked else AT_ONCE_S)

    def draw() -> str:
        view = app.cases.view(case, tab, begun, f"/case/{case.key}/{tab}?wait=1{sent}")
        return pages.case_page(view, tab, app.guard.form_token(), filled if key == case.key else None)

    # The tabs that need no more than the ledger do not wait for other visits.
    page = await (asyncio.to_thread(draw) if tab in ("pilot", "books") else app.drawn(visit, draw))
    return Reply(HTTPStatus.OK, page, policy=APP)


async def _wait(begun: Future[Any], visit: Visit, most_s: float) -> None:
    """Waits until what was begun is there, for a time or until the visitor has gone; others are served meanwhile."""
    there, leaving = asyncio.wrap_future(begun), asyncio.ensure_future(until_gone(visit.receive))
    there.add_done_callback(lambda one: one.cancelled() or one.exception())
    await asyncio.wait({there, leaving}, timeout=min(most_s, MOST_WAIT_S), return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving


def _vanished(app: App, case: Case) -> Reply:
    words = gone_words(case.project) if not case.project.parent.is_dir() else (
        f"{case.project}: no such file any more; wanted the project file of the case.\nPut it back, or leave the page."
    )  # fmt: skip
    return app.message("The case is gone", words, HTTPStatus.NOT_FOUND)


async def _report(app: App, visit: Visit) -> Answer:
    case = await app.case_of(visit)
    if not case.project.is_file():
        return _vanished(app, case)

    begun = await asyncio.to_thread(app.cases.page_begun, case)
    await _wait(begun, visit, math.inf)

    def draw() -> str:
        from tunecase.report import render

        return render(begun.result())

    return Reply(HTTPStatus.OK, await app.drawn(visit, draw))


async def _events(app: App, visit: Visit) -> Answer:
    case = await app.case_of(visit)
    if visit.request.method == "HEAD":
        return Reply(HTTPStatus.OK, "", kind=EVENTS)
    elsewhere = once_a_second(lambda: is_piloted(case.project))

    def look() -> Any:
        process = app.cases.pilots.of(case.key)
        at_work = process is not None and process.is_running
        told = None if process is None else (id(process), process.version, process.is_stopping)
        return flow.stamp_of(case.project), told, at_work or elsewhere()

    def draw() -> tuple[str, bytes]:
        state = pilot_state(case.project, app.cases.pilots.of(case.key), app.cases.today)
        return event_of(state, pages.live_fragment(state))

    stream = app.streams.watch(case.key, look, draw)
    if stream is None:
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages watch a pilot; close one of them.")
    return stream


def _acting(
    tab: Tab, act: Callable[[App, Case, Form], Filled], *, with_file: bool = False, within_s: float = math.inf
) -> Handler:
    """What takes a form: it acts once for each drawing of it, and sends the visitor back to a tab that tells of it.

    What was typed counts, too: another charge from the same drawing is another charge. A bill that is held is booked
    once whoever asks. `within_s` is how long the same sending is taken for the same click.
    """

    async def handler(app: App, visit: Visit) -> Answer:
        case = await app.case_of(visit)
        form, is_there = await read_form(visit.request, visit.receive, with_file=with_file), False
        try:
            drawing = app.guard.form_of(form.fields.get("token", ""))
            is_there = case.project.is_file()
        finally:
            if not is_there:
                form.drop()
        if not is_there:
            return _vanished(app, case)
        sent = tuple(sorted((name, words) for name, words in form.fields.items() if name != "token"))

        async def done() -> tuple[str, bool]:
            filled = await asyncio.to_thread(act, app, case, form)
            return app.keep(case.key, filled), bool(filled.done)

        key = object() if with_file else (visit.request.path, "" if "held" in form.fields else drawing, sent)
        return onward(f"/case/{case.key}/{tab}?sent={await app.once.do(key, done, within_s)}")

    return handler


def _read_bill(app: App, case: Case, form: Form) -> Filled:
    if form.file is None or not form.file.stat().st_size:
        form.drop()
        return Filled("bill", mistakes={"bill": "Nothing was sent; wanted the file of a bill. Choose one."})
    return app.bills.read(case, secrets.token_hex(8), form.file)


ROUTES: tuple[Route, ...] = (
    Route("/", _cases),
    Route("/static/app.css", _style, shown_in=("style", "document", "empty")),
    Route("/static/app.js", _script, shown_in=("script", "document", "empty")),
    Route("/case/{key}", _first_tab),
    Route("/case/{key}/page", _report),
    Route("/case/{key}/{tab}", _tab),
    Route("/case/{key}/pilot/events", _events, shown_in=("empty",)),
    Route(
        "/case/{key}/pilot/start",
        post=_acting(
            "pilot", lambda app, case, form: acts.start(case, app.cases.pilots, form.fields), within_s=CLICKS_S
        ),
    ),
    Route(
        "/case/{key}/pilot/stop",
        post=_acting("pilot", lambda app, case, _: acts.stop(case, app.cases.pilots), within_s=CLICKS_S),
    ),
    Route("/case/{key}/charges", post=_acting("books", lambda app, case, form: acts.charge(case, form.fields))),
    Route("/case/{key}/bill", post=_acting("books", _read_bill, with_file=True)),
    Route(
        "/case/{key}/bill/book",
        post=_acting("books", lambda app, case, form: app.bills.book(case, form.fields.get("held", ""))),
    ),
    Route(
        "/case/{key}/bill/leave",
        post=_acting("books", lambda app, case, form: app.bills.leave(case, form.fields.get("held", ""))),
    ),
    Route("/case/{key}/approve", post=_acting("answer", lambda app, case, form: acts.approve(case, form.fields))),
)
