"""The server of the Model Context Protocol: lists the tools, checks what they are given, and hands calls to workers."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from tunecase.agents.fields import checked, outside
from tunecase.agents.pool import Pool
from tunecase.agents.tools import TOOLS, offered
from tunecase.agents.words import INSTRUCTIONS, PROMPT, PROMPT_TAKES, PROMPT_WORDS, made_prompt
from tunecase.agents.worker import refusal
from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError, nearest
from tunecase.records import MOST_NAME
from tunecase.version import __version__

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server

REPORT_OF = "tunecase:report/"  # the address of a case's page, before the path of its project file
CODE = "tunecase/exit_code"  # in the meta of an answer: 0 fine, 1 the answer is no, 2 and 3 as in the terminal
LEFT_OUT = "tunecase/left_out"
LAST_WITHIN_A_CALL = "2025-11-25"  # the last version of the protocol in which a server can ask while it is called
QUESTION, MOST_QUESTIONS = "person", 100  # the name of the question, and how many may wait for an answer
NAME = {"type": "string", "title": "Your name", "minLength": 1, "maxLength": MOST_NAME}
YES = {"type": "boolean", "title": "Yes, write this in my name", "default": False}
FORM: dict[str, Any] = {"type": "object", "properties": {"name": NAME, "yes": YES}, "required": ["name", "yes"]}
AGAIN = "ask the person what they want, and call again only if they want it"


def serve(
    folder: Path, command: Sequence[str], *, allow_writing: bool = False, failed: Callable[[BaseException], str]
) -> None:
    """Serves agents over standard input and output until the input ends.

    Args:
        folder: below which every path that an agent names must lie.
        command: what starts a worker, see `work`.
        allow_writing: whether the tools that write are offered.
        failed: one line on a failure of our own.
    Raises: MissingExtraError without the mcp extra; InputError where the folder is none.
    """
    if not folder.is_dir():
        raise InputError(Problem(str(folder), "no folder", "the folder of your cases", "name one that is there"))
    try:
        import anyio
        import mcp.server.stdio  # noqa: F401
    except ImportError:
        raise MissingExtraError("mcp", "mcp") from None
    anyio.run(_serve, Desk(folder.resolve(), Pool(command, folder.resolve()), allow_writing, failed))


async def _serve(desk: "Desk") -> None:
    from mcp.server.stdio import stdio_server

    server = server_of(desk)
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        await desk.pool.close()


def server_of(desk: "Desk") -> "Server[Any]":
    """The server of the protocol, with what it answers."""
    from mcp.server import Server

    return Server(
        "tunecase", version=__version__, title="tunecase", instructions=INSTRUCTIONS, on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool, on_list_resources=desk.list_resources, on_read_resource=desk.read_resource,
        on_list_prompts=desk.list_prompts, on_get_prompt=desk.get_prompt,
    )  # fmt: skip


@dataclass
class Desk:
    """Answers the requests of a client; a mistake is told as the error of a tool, and ends nothing."""

    folder: Path
    pool: Pool
    allow_writing: bool
    failed: Callable[[BaseException], str]
    questions: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    async def list_tools(self, context: Any, params: Any) -> "types.ListToolsResult":
        """The tools that are offered, with what they take and what they may do."""
        from mcp import types

        tools = [
            types.Tool(
                name=tool.name, title=tool.title, description=tool.words, input_schema=tool.input_schema,
                annotations=types.ToolAnnotations(title=tool.title, **tool.hints),
            )
            for tool in offered(self.allow_writing)
        ]  # fmt: skip
        return types.ListToolsResult(tools=tools)

    async def call_tool(self, context: Any, params: Any) -> "types.CallToolResult | types.InputRequiredResult":
        """The answer of a tool as structured content and as words; what writes money asks the person first.

        Protocols up to 2025-11-25 ask within the call; by later ones the client calls again with the person's answer.
        """
        from mcp import types

        name, given, session = params.name, params.arguments or {}, context.session
        if params.request_state is not None:
            *asked, digest = self.questions.pop(params.request_state, ("",))
            answers = params.input_responses if asked == [name, given] else None
            return await self._answered(context, name, given, (answers or {}).get(QUESTION), digest)
        can = session.client_capabilities and session.client_capabilities.elicitation
        reply = await self._reply(context, name, given, elicits=bool(can) and bool(can.form or not can.url))
        if "asks" not in reply:
            return _result(reply)
        form = types.ElicitRequestFormParams(message=reply["asks"], requested_schema=FORM)
        if context.protocol_version <= LAST_WITHIN_A_CALL:
            answer = await session.elicit_form(form.message, FORM, context.request_id)
            return await self._answered(context, name, given, answer, reply["digest"])
        state = secrets.token_urlsafe()
        self.questions = dict([*self.questions.items(), (state, (name, given, reply["digest"]))][-MOST_QUESTIONS:])
        asks: Any = {QUESTION: types.ElicitRequest(params=form)}
        return types.InputRequiredResult(input_requests=asks, request_state=state)

    async def _answered(
        self, context: Any, name: str, given: dict[str, Any], answer: Any, digest: str
    ) -> "types.CallToolResult":
        """The answer to a call once the person has answered; `digest` is that of what they were asked."""
        content = getattr(answer, "content", None) or {}
        by, yes = str(content.get("name", "")).strip(), content.get("yes") is True and answer.action == "accept"
        if not yes or not by.isprintable() or not 0 < len(by) <= MOST_NAME:
            got, wanted = "no yes with a name: nothing was written", "a yes, and a name on one line"
            return _result(refusal(InputError(Problem("the person", got, wanted, AGAIN))))
        given = {**given, "by": by} if "by" in given else given
        return _result(await self._reply(context, name, given, by=by, digest=digest))

    async def _reply(self, context: Any, name: str, given: dict[str, Any], **about: Any) -> dict[str, Any]:
        steps = 0

        async def tell(words: str) -> None:
            nonlocal steps
            steps += 1
            await context.session.report_progress(steps, None, words)

        try:
            return await self.pool.call({"tool": name, "given": self._checked(name, given), **about}, tell)
        except TunecaseError as error:
            return refusal(error)
        except Exception as error:  # noqa: BLE001 - the last resort: the server lives on
            return refusal(TunecaseError(self.failed(error)))

    def _checked(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        tool = TOOLS.get(name)
        names = [one.name for one in offered(self.allow_writing)]
        if tool is None:
            raise InputError(Problem("tool", repr(name), "a tool of this server", nearest(name, names)))
        if name not in names:
            fix = "ask the person to start the server as `tunecase mcp --allow-writing`"
            raise InputError(Problem("tool", f"{name}, which writes", "a tool that only reads", fix))
        return checked(tool.fields, given, self.folder)

    async def list_resources(self, context: Any, params: Any) -> "types.ListResourcesResult":
        """The page of each case below the folder."""
        from mcp import types

        reply = await self._reply(context, "cases", {})
        cases = (reply.get("content") or {}).get("cases", [])
        pages = [
            types.Resource(
                uri=REPORT_OF + quote(one["project"]), name=one["project"], title=f"Report of {one['name']}",
                description=one["answer"] or "No answer yet.", mime_type="text/markdown",
            )
            for one in cases if not one["fault"]
        ]  # fmt: skip
        return types.ListResourcesResult(resources=pages)

    async def read_resource(self, context: Any, params: Any) -> "types.ReadResourceResult":
        """The page of one case as Markdown.

        Raises: MCPError where the address names no case, or the page cannot be drawn.
        """
        from mcp import MCPError, types

        project = unquote(params.uri.removeprefix(REPORT_OF))
        if not params.uri.startswith(REPORT_OF) or list(outside("uri", project, self.folder)):
            raise MCPError(types.INVALID_PARAMS, f"{params.uri} is no page of a case; list the resources to see them.")
        reply = await self._reply(context, "report", {"project": project})
        if "refused" in reply:
            raise MCPError(types.INVALID_PARAMS, reply["refused"])
        page = types.TextResourceContents(uri=params.uri, mime_type="text/markdown", text=reply["text"])
        return types.ReadResourceResult(contents=[page])

    async def list_prompts(self, context: Any, params: Any) -> "types.ListPromptsResult":
        """The one prompt: make the case."""
        from mcp import types

        takes = [types.PromptArgument(name=name, description=words) for name, words in PROMPT_TAKES.items()]
        prompt = types.Prompt(name=PROMPT, title="Make the case", description=PROMPT_WORDS, arguments=takes)
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(self, context: Any, params: Any) -> "types.GetPromptResult":
        """The prompt, with what the person gave.

        Raises: MCPError for another name, or for arguments that it does not take.
        """
        from mcp import MCPError, types

        given = params.arguments or {}
        odd = [name for name in given if name not in PROMPT_TAKES]
        if params.name != PROMPT or odd:
            wrong = f"{odd[0]} is no argument of it" if odd else f"{params.name} is no prompt of this server"
            raise MCPError(types.INVALID_PARAMS, f"{wrong}; there is {PROMPT}, with project and question.")
        said = types.PromptMessage(role="user", content=types.TextContent(text=made_prompt(given)))
        return types.GetPromptResult(description=PROMPT_WORDS, messages=[said])


def _result(reply: dict[str, Any]) -> "types.CallToolResult":
    from mcp import types

    if "refused" in reply:
        content: Any = {"error": reply["refused"], "problems": reply["problems"]}
        text = types.TextContent(text=reply["refused"])
        return types.CallToolResult(
            content=[text], structured_content=content, is_error=True, _meta={CODE: reply["code"]}
        )
    meta = {CODE: reply["code"], **({LEFT_OUT: reply["left_out"]} if reply["left_out"] else {})}
    return types.CallToolResult(
        content=[types.TextContent(text=reply["text"])], structured_content=reply["content"], _meta=meta
    )
