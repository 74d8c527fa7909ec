"""The server, spoken with by the official client over standard input and output, on the shipped example."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.client import CODE, call, command, environment, files_of, hello, person, said, speak, workers_in
from tests.making import case_folder, tickets, write_jsonl
from tunecase import flow
from tunecase.agents.answers import MOST_BYTES, MOST_LINES
from tunecase.agents.schemas import COMMANDS, schema_of_tool
from tunecase.agents.tools import READING, TOOLS
from tunecase.forecast.importers import Asked

pytestmark = [pytest.mark.slow, pytest.mark.needs("mcp")]
WRITES = "--allow-writing"
NO_LOOKS = "levers: {look_hours: 40 to 60 h}"  # too long for one to come before money
# What each reading tool is given on the example; some are asked twice.
GIVEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cases", {}), ("define", {}), ("audit", {"fast": True}), ("audit", {}), ("audit", {"data": "data/train.jsonl"}),
    ("estimate", {}), ("forecast", {}), ("decide", {}), ("next", {}), ("check", {}), ("books", {}),
    ("charges", {"line": "gpu"}), ("approvals", {}), ("prices", {"gpu": "H100"}), ("sources", {}),
    ("fit", {"model": "llama-3.1-8b", "gpu": ["A100-80GB"], "tokens": "5M", "method": "lora"}),
    ("inference", {"model": "llama-3.1-8b", "volume": "200k per month", "input": 600, "output": 60, "gpu": ["L4"]}),
    ("compare", {"changes": {"method": "full"}}), ("scorecard", {"cases": ["."]}), ("report", {}),
    ("schema", {"tool": "audit"}),
)  # fmt: skip


def size_of(result: Any) -> int:
    """The bytes of a result's content on the wire."""
    return len(json.dumps(result.structured_content, separators=(",", ":"), ensure_ascii=False).encode())


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped example, made and walked by the writing tools."""
    folder = tmp_path_factory.mktemp("cases")

    async def talk(client: Any) -> list[Any]:
        begun = await client.call_tool("init", {"example": "support-tickets", "to": "tickets"})
        ran = await client.call_tool("run", {"project": "tickets/tunecase.yaml", "max_minutes": 5})
        return [begun, ran]

    for result in speak(folder, talk, WRITES):
        assert not result.is_error, said(result)
    return folder / "tickets"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The shipped example as it is, in a folder of its own."""
    flow.copy_example("support-tickets", to=tmp_path / "tickets")
    return tmp_path / "tickets"


@pytest.fixture
def case(walked: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the walked example."""
    yield Path(shutil.copytree(walked, tmp_path / "tickets"))
    assert [] == workers_in(tmp_path / "tickets")


def test_every_reading_tool_answers_and_writes_nothing(case: Path) -> None:
    """Each answer keeps to its schema and its bounds, and after each the folder is byte for byte as it was."""
    jsonschema = pytest.importorskip("jsonschema")
    assert {tool.name for tool in READING} == {name for name, _ in GIVEN}
    before = files_of(case)

    async def talk(client: Any) -> None:
        for name, given in GIVEN:
            result = await client.call_tool(name, given)
            assert not result.is_error, f"{name}: {said(result)}"
            assert before == files_of(case), name
            assert result.meta[CODE] in (0, 1)
            assert size_of(result) <= MOST_BYTES
            if name in COMMANDS:
                jsonschema.validate(result.structured_content, schema_of_tool(name))
                assert len(said(result).split("Left out")[0].rstrip("\n").split("\n")) <= MOST_LINES, name

    speak(case, talk)


def test_tools_are_listed_as_the_table_says(example: Path) -> None:
    """A client sees the reading tools with schemas and hints, and with the flag those that write, too."""

    async def talk(client: Any) -> list[Any]:
        return list((await client.list_tools()).tools)

    for words, names in (((), {tool.name for tool in READING}), ((WRITES,), set(TOOLS))):
        tools = speak(example, talk, *words)
        assert names == {tool.name for tool in tools}
        for tool in tools:
            assert TOOLS[tool.name].input_schema == tool.input_schema
            assert tool.annotations.read_only_hint is not TOOLS[tool.name].writes


def test_mistakes_are_errors_of_the_tool(example: Path) -> None:
    """Unknown fields and tools, wrong types, paths outside and writing unasked: told, and the server goes on."""
    wrong: tuple[tuple[str, dict[str, Any], str, str], ...] = (
        ("define", {"projcet": "x"}, "projcet", "did you mean project?"),
        ("define", {"seed": "three"}, "seed", "give a whole number"),
        ("define", {"project": "../../tunecase.yaml"}, "project", "name a file below tickets"),
        ("define", {"project": "nowhere/tunecase.yaml"}, "nowhere/tunecase.yaml", ""),
        ("audit", {"data": "hf://datasets/x/y"}, "data", "name a file below"),
        ("define", {"projcet": 1, "seed": -1}, "seed", "give a larger number"),
        ("schema", {"tool": "estimat"}, "tool", "did you mean estimate?"),
        ("estimte", {}, "tool", "did you mean estimate?"),
        ("approve", {"amount": "5 USD", "by": "x"}, "tool", "ask the person to start the server"),
        ("fit", {"model": "no-such-model/at-all"}, "model", "no model of this family"),
        ("charges", {"since": "yesterday"}, "since", "write for example"),
    )

    async def talk(client: Any) -> None:
        for name, given, where, fix in wrong:
            result = await client.call_tool(name, given)
            assert result.is_error, name
            assert 2 == result.meta[CODE]
            problems = {problem["where"]: problem for problem in result.structured_content["problems"]}
            found = next((problem for place, problem in problems.items() if where in place), None)
            assert found is not None, f"{name}: {problems}"
            assert all(found.values())
            assert found["fix"].startswith(fix)
        assert not (await client.call_tool("cases", {})).is_error

    speak(example, talk)


def test_writing_tools_write(case: Path) -> None:
    """A round, a charge, the page, a cleaned copy and a pilot, each as the terminal would keep it."""

    async def talk(client: Any) -> dict[str, Any]:
        asked = {
            "add_round": {"rows": 2_000, "score": "0.79", "changed": "label"},
            "spend_add": {"amount": 42.5, "currency": "USD", "line": "gpu", "note": "first round"},
            "write_report": {},
            "audit_fix": {"to": "cleaned"},
            "pilot": {"max_minutes": 1, "max_usd": 0, "trainer": "probe", "sizes": "50,100", "candidates": "none"},
            "init": {"data": "data/train.jsonl", "to": "."},
        }
        return {name: await client.call_tool(name, given) for name, given in asked.items()}

    results = speak(case, talk, WRITES, elicitation_callback=person("accept", name="Ann", yes=True))
    refused = {name for name, result in results.items() if result.is_error}
    assert {"init"} == refused, {name: said(results[name]) for name in refused}
    assert "a file that is there already" in said(results["init"])
    assert "42.50 USD booked under gpu." in said(results["spend_add"])
    validate = pytest.importorskip("jsonschema").validate
    for name in results.keys() - refused:
        validate(results[name].structured_content, schema_of_tool(name))
    assert (case / "report.html").is_file()
    assert (case / "cleaned").is_dir()
    assert "42.5" in json.dumps(call(case, "charges").structured_content)


def test_a_release_that_the_plan_asks_for_is_approved(tmp_path: Path) -> None:
    """The person who is named releases it, and it stands in the ledger; more than is asked for is a person's to do."""
    points = [(30, 0.49), (30, 0.51), (60, 0.599), (60, 0.619), (120, 0.683), (120, 0.703)]
    lines = "n,score,test_rows\n" + "".join(f"{n},{score},400\n" for n, score in points)
    (tmp_path / "points.csv").write_text(lines, encoding="utf-8")
    opened = flow.open_case(
        case_folder(tmp_path, train_rows=120, test_rows=100, value="  value: 4 USD per correct", extra=NO_LOOKS)
    )
    flow.keep_forecast(opened, str(tmp_path / "points.csv"), Asked())
    flow.decide(opened)

    async def talk(client: Any) -> list[Any]:
        standing = (await client.call_tool("approvals", {})).structured_content
        release = standing["release"]["value"]
        given = {"by": "CEO", "plan": standing["plan"]}
        return [
            await client.call_tool("approve", {**given, "amount": f"{amount:.2f} USD"})
            for amount in (2 * release, release)
        ]

    signs = person("accept", name="Head of Support", yes=True)
    refused, approved = speak(tmp_path, talk, WRITES, elicitation_callback=signs)
    (problem,) = refused.structured_content["problems"]
    assert "no tool has --beyond: ask the person" in problem["fix"]
    assert not approved.is_error, said(approved)
    pytest.importorskip("jsonschema").validate(approved.structured_content, schema_of_tool("approve"))
    assert ["Head of Support"] == [one["approval"]["by"] for one in approved.structured_content["approved"]]
    assert ["Head of Support"] == [one.approval.by for one in flow.approvals(opened).approved]


def test_no_plan_is_approved_unseen(case: Path) -> None:
    """An approval names the plan that was read: none, an empty one or another one is refused, and nothing is kept."""
    before = (case / "ledger.jsonl").read_bytes()

    async def talk(client: Any) -> list[Any]:
        given = {"amount": "10 USD", "by": "Ann"}
        return [await client.call_tool("approve", {**given, **plan}) for plan in ({}, {"plan": ""}, {"plan": "0" * 12})]

    for result in speak(case, talk, WRITES):
        assert result.is_error
        assert "plan" in [problem["where"] for problem in result.structured_content["problems"]]
    assert before == (case / "ledger.jsonl").read_bytes()


def test_a_huge_answer_is_bounded(example: Path) -> None:
    """All prices of the book are more than an answer may hold: what was left out is told, the schema holds."""
    result = call(example, "prices", kind="gpu")
    assert MOST_BYTES / 4 < size_of(result) <= MOST_BYTES
    assert result.meta["tunecase/left_out"]
    assert "Left out, to keep the answer short: rows: the first" in said(result)
    pytest.importorskip("jsonschema").validate(result.structured_content, schema_of_tool("prices"))


def test_calls_run_side_by_side(example: Path) -> None:
    """A quick call is answered while a slow one is worked on, and both are answered rightly."""
    import anyio

    order: list[str] = []

    async def talk(client: Any) -> None:
        async def ask(name: str, **given: Any) -> None:
            assert not (await client.call_tool(name, given)).is_error
            order.append(name)

        async with anyio.create_task_group() as group:
            group.start_soon(lambda: ask("audit"))
            group.start_soon(lambda: ask("approvals"))
            group.start_soon(lambda: ask("prices"))

    speak(example, talk)
    assert "audit" == order[-1]
    assert {"audit", "approvals", "prices"} == set(order)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_cancelled_call_stops(example: Path) -> None:
    """Work that was asked for and cancelled is at an end within seconds; its progress was told; the next call works."""
    import anyio

    write_jsonl(example / "many.jsonl", tickets(30_000, 3))
    told: list[str] = []

    async def talk(client: Any) -> float:
        heard = anyio.Event()

        async def tell(done: float, total: float | None, words: str | None) -> None:
            told.append(words or "")
            heard.set()

        async with anyio.create_task_group() as group:
            group.start_soon(lambda: client.call_tool("audit", {"data": "many.jsonl"}, progress_callback=tell))
            await heard.wait()
            begun_s = time.monotonic()
            group.cancel_scope.cancel()
        while workers_in(example):
            await anyio.sleep(0.1)
        ended_s = time.monotonic() - begun_s
        assert not (await client.call_tool("approvals", {})).is_error
        return ended_s

    assert speak(example, talk) < 15
    assert told


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_end_of_the_input_ends_the_process(example: Path) -> None:
    """Closing the input ends the server with code 0 in the midst of work, and no worker is left behind."""
    write_jsonl(example / "many.jsonl", tickets(30_000, 3))
    asked = {"name": "audit", "arguments": {"data": "many.jsonl"}}
    request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": asked}
    with subprocess.Popen(
        command(), cwd=example, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        server.stdin.write(hello())
        server.stdin.flush()
        server.stdout.readline()
        server.stdin.write(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        server.stdin.write(json.dumps(request).encode() + b"\n")
        server.stdin.flush()
        while not workers_in(example):
            time.sleep(0.05)
        time.sleep(2)
        server.stdin.close()
        assert 0 == server.wait(20)
    waited_s = time.monotonic() + 10
    while workers_in(example) and time.monotonic() < waited_s:
        time.sleep(0.1)
    assert [] == workers_in(example)


def test_garbage_ends_nothing(example: Path) -> None:
    """Lines that are no JSON and methods that nobody knows are answered or passed over; every line out is JSON-RPC."""
    lines = [
        hello(), b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n', b"no json\n", b"\xff\xfe\n",
        b'{"jsonrpc": "2.0", "id": 5, "method": "no/such"}\n',
        b'{"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": {"name": "cases", "arguments": "x"}}\n',
        b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "schema", "arguments": ',
        b'{"tool": "fit"}}}\n',
    ]  # fmt: skip
    server = subprocess.Popen(
        command(), cwd=example, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with server:
        server.stdin.write(b"".join(lines))
        server.stdin.flush()
        answers: dict[int, Any] = {}
        while 7 not in answers:
            answer = json.loads(server.stdout.readline())
            assert "2.0" == answer["jsonrpc"]
            answers[answer.get("id")] = answer
        server.stdin.close()
        assert 0 == server.wait(20)
    assert "error" in answers[5]
    assert "error" in answers[6]
    assert answers[7]["result"]["structuredContent"]["$id"].startswith("tunecase:fit")


def test_no_code_of_the_folder_runs(example: Path) -> None:
    """Files in the folder that are called as modules are no modules for the server and its workers."""
    for name in ("tunecase", "numpy", "orjson", "pydantic", "json"):
        (example / f"{name}.py").write_text("open('ran', 'w').close()\n", encoding="utf-8")
    assert not call(example, "prices", gpu="H100").is_error
    assert not (example / "ran").exists()


def test_a_folder_that_vanishes(example: Path, tmp_path: Path) -> None:
    """A case, and then the whole folder, that goes while it is served is told; what comes back is served again."""

    async def talk(client: Any) -> list[Any]:
        results = [await client.call_tool("approvals", {})]
        (example / "tunecase.yaml").rename(tmp_path / "kept.yaml")
        results.append(await client.call_tool("approvals", {}))
        example.rename(tmp_path / "away")
        results.append(await client.call_tool("approvals", {}))
        (tmp_path / "away").rename(example)
        (tmp_path / "kept.yaml").rename(example / "tunecase.yaml")
        results.append(await client.call_tool("approvals", {}))
        return results

    first, no_case, no_folder, again = speak(example, talk)
    assert [False, True, True, False] == [one.is_error for one in (first, no_case, no_folder, again)]
    assert "no folder any more" in said(no_folder)


def test_pages_and_the_prompt(case: Path) -> None:
    """The page of each case is a resource in Markdown; the prompt takes the case and the question."""
    from mcp import MCPError

    async def talk(client: Any) -> tuple[Any, Any, Any]:
        (page,) = (await client.list_resources()).resources
        read = await client.read_resource(page.uri)
        for uri in ("tunecase:report/../x", "tunecase:report/none.yaml", "file:///etc/passwd"):
            with pytest.raises(MCPError):
                await client.read_resource(uri)
        (prompt,) = (await client.list_prompts()).prompts
        return page, read, await client.get_prompt(prompt.name, {"question": "Is it worth it?"})

    page, read, prompt = speak(case, talk)
    assert ("tunecase:report/tunecase.yaml", "text/markdown") == (page.uri, page.mime_type)
    assert read.contents[0].text.startswith("# ")
    assert "Is it worth it?" in prompt.messages[0].content.text
