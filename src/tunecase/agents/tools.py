"""The table of tools: a row for each, with the function that does it, what it takes, and whether it writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from tunecase import flow
from tunecase.agents import reading, writing
from tunecase.agents.answers import Answer
from tunecase.agents.call import Call
from tunecase.agents.fields import Field, schema_of_fields
from tunecase.agents.inputs import CASE, FIT_FIELDS, INFERENCE_FIELDS, PROJECT, SEED, TIERS
from tunecase.agents.schemas import COMMANDS
from tunecase.records import CATEGORIES, Changed

if TYPE_CHECKING:
    from tunecase.flow import Flow

WHOSE_WORD = "A person states {}, never you. They are asked before it is written, by a form of the client or by a code."
CODE = Field("code", "The code that the person gave you; left out at first. All else stays as it was when you asked.")
MINUTES = Field(
    "max_minutes", "No run begins that would pass this time, but for the first.", "number", required=True, least=0.1,
    most=24 * 60,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: the words that an agent chooses it by, its inputs, and the function that does it.

    Args:
        name: as an agent calls it.
        title: as a client shows it.
        words: what it answers, and when to call it.
        work: what does it.
        fields: its inputs.
        writes: whether it appends to a ledger or writes files; such tools are offered only when writing is allowed.
        destroys: whether what it writes takes the place of something that was there.
    """

    name: str
    title: str
    words: str
    work: Callable[[Call], Answer]
    fields: tuple[Field, ...] = CASE
    writes: bool = False
    destroys: bool = False

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its inputs."""
        return schema_of_fields(self.fields)

    @property
    def hints(self) -> dict[str, bool]:
        """What it tells a client of itself: nothing here reaches beyond this machine."""
        hints = {"read_only_hint": not self.writes, "destructive_hint": self.destroys, "open_world_hint": False}
        return hints if self.writes else hints | {"idempotent_hint": True}


def _asks(verb: str, work: Callable[["Flow"], Any]) -> Callable[[Call], Answer]:
    """What a tool does that asks one verb of the case and takes no words for it."""
    return lambda call: call.ask(verb, work)


READING = (
    Tool(
        "cases", "Cases in this folder",
        "Lists the cases (tunecase.yaml files) below the server's folder, with their last answer, what was spent and "
        "what each waits for. Call it first.", reading.cases, (),
    ),
    Tool(
        "define", "Is the problem well posed?",
        "Judges the problem of a case: what is missing or cannot be reached, what else would do, what it is worth.",
        _asks("define", flow.define),
    ),
    Tool(
        "audit", "Are these the right data?",
        "Looks through training and test rows for leaks, copies, wrong labels, secrets and other faults. Of the case, "
        "or of a data file without one (`data`). `fast` is one pass; the whole audit takes longer and finds more.",
        reading.audit,
        (
            *CASE, Field("data", "A data file or folder to audit without a project file.", "path"),
            Field("test", "With `data`: its held-out test file.", "path"),
            Field("input", "With `data`: the column of the input, if it is not recognised."),
            Field("output", "With `data`: the column of the answer or label."),
            Field("fast", "Only what one pass tells; what is left out is listed.", "yes or no"),
        ),
    ),
    Tool(
        "estimate", "What will it cost?",
        "The bill of the whole project with its doubt: how much to set aside, where it goes, what drives it.",
        reading.estimate,
        (
            *CASE,
            Field("sure", "Also what must be true to stay within the budget with this chance, such as 80%; minutes."),
        ),
    ),
    Tool(
        "forecast", "Will more data reach the target?",
        "Carries the learning curve on: from the case's pilot, or from points in a file (CSV of n,score).",
        reading.forecast,
        (
            *CASE, Field("points", "Points measured elsewhere: a CSV of n,score, or trainer states.", "path"),
            Field("metric", "With `points`: what the scores are; accuracy if left out."),
            Field("target", "With `points`: the score wanted, such as 92%.", "amount"),
            Field("n_max", "With `points`: the most examples that could be had.", "count", least=1, most=10**12),
        ),
    ),
    Tool(
        "decide", "What should the next dollar buy?",
        "The advice of a case: fine-tune, measure first, do something else, or stop; what to release. "
        "It works out all that it rests on, except for a pilot.", reading.decide,
        (*CASE, Field("what_if", "Also what would have to be true for another step; slower.", "yes or no")),
    ),
    Tool(
        "next", "What now?", "What changed since the last decision on file, and what to do now.",
        _asks("next", flow.next_step),
    ),
    Tool(
        "check", "Does the advice still hold?",
        "Prices the estimate on file again at today's prices, and says whether the advice still holds.",
        _asks("check", flow.check),
    ),
    Tool(
        "books", "Plan against actual",
        "What it cost so far against the plan, line by line, and what is still to come.", _asks("books", flow.books),
    ),
    Tool(
        "charges", "Charges booked", "The charges of the ledger with their ids.", reading.charges,
        (
            PROJECT, Field("line", "Only this line of the bill.", choices=CATEGORIES), Field("run", "Only this run's."),
            Field("source", "Only from this source, such as focus or manual."),
            Field("since", "The first day (YYYY-MM-DD)."), Field("until", "The last day (YYYY-MM-DD)."),
        ),
    ),
    Tool(
        "approvals", "Approvals", "What was approved for the plan, what was spent of it, and what is left.",
        _asks("approvals", flow.approvals), (PROJECT,),
    ),
    Tool(
        "prices", "Prices", "What GPUs, hosted training, labels, people and tokens cost, by whom and as of when.",
        reading.prices,
        (
            Field("kind", "Which prices.", choices=("gpu", "hosted", "label", "wage", "api")),
            Field("gpu", "A card, such as H100."), Field("tier", "Whose prices.", choices=TIERS),
            Field("terms", "How they are rented.", choices=("on_demand", "spot", "reserved")),
            Field("region", "A provider's region."), Field("provider", "A provider, such as aws."),
            Field("model", "With kind api or hosted: the model."),
            Field("project", "A case: its currency and its own prices.", "path"),
        ),
    ),
    Tool(
        "fit", "Does a training run fit?",
        "Memory, time and price of one training run, without a case; what is left out is searched.",
        reading.fit, FIT_FIELDS,
    ),
    Tool(
        "inference", "What do the answers cost?",
        "What a tuned model's answers cost after launch, over every way to serve them or to buy them.",
        reading.inference, INFERENCE_FIELDS,
    ),
    Tool(
        "compare", "What does a change cost?",
        "Two bills in the same worlds: this case and another project file, or this case with changes. No file changes.",
        reading.compare,
        (
            *CASE, Field("other", "The project file to compare it with.", "path"),
            Field("changes", 'Or changes by dotted field, such as {"method": "full"}.', "changes"),
            Field("fail_if_over", "A limit, such as '15k USD': the answer is no where it may cost more."),
            Field("confidence", "How sure that must be; 80% if left out."),
            Field("allow_unpriced", "What has no price may be left out.", "yes or no"),
        ),
    ),
    Tool(
        "sources", "Where should more rows come from?",
        "Each source of further rows with its price, time and risk, for the plan's next step.",
        _asks("sources", flow.sources),
    ),
    Tool(
        "scorecard", "How right were earlier cases?",
        "Bands, chances, rows and hours of finished cases, told against what came.", reading.scorecard,
        (
            Field("cases", "Folders of cases, or exports.", "paths"),
            Field("project", "Score what `past:` of this project file names.", "path"),
        ),
    ),
    Tool(
        "report", "The page for those who decide",
        "The whole case as Markdown: the answer first, then money, evidence and appendix. No file is written.",
        reading.report,
    ),
    Tool(
        "schema", "Schema of an answer", "The JSON Schema of the structured content that a tool answers with.",
        reading.schema, (Field("tool", "The tool.", choices=tuple(COMMANDS), required=True),),
    ),
)  # fmt: skip

WRITING = (
    Tool(
        "init", "Begin a case",
        "Writes a project file for a data file, or copies a shipped example; no file is replaced. Targets, values and "
        "budgets stay questions: ask the person for them.", writing.init,
        (
            Field("data", "The training file, or a folder of splits.", "path"),
            Field("example", "Or the name of a shipped example, such as support-tickets."),
            Field("to", "The folder of the case; that of the data, or the server's own, if left out.", "path"),
            Field("test", "The held-out test file.", "path"),
            Field("split", "Hold out this share of the rows as a test file, such as 15%."),
            Field("group", "With `split`: a column whose values stay on one side."),
            Field("input", "The column of the input, if it is not recognised."),
            Field("output", "The column of the answer or label."), SEED,
        ), writes=True,
    ),
    Tool(
        "run", "Do all that is free",
        "Walks the road: every verb that costs nothing, in order, and a pilot of free learners. Keeps each record in "
        "the ledger, so that there is a plan on file. It never spends money.", writing.run,
        (
            *CASE, replace(MINUTES, words="No run of its pilot begins that would pass this time."),
        ), writes=True,
    ),
    Tool(
        "pilot", "Try it small",
        "Small real runs on nested subsets of the data, on this machine, kept in the ledger, never made twice. Time "
        "and the money are bounded by what you give; a person should have agreed to both.", writing.pilot,
        (
            *CASE, MINUTES,
            Field("max_usd", "No run begins that would pass this cost, but for the first; 0 if nothing may be spent.",
                  "number", required=True, least=0),
            Field("usd_per_hour", "Price of an hour of this machine; free if left out.", "number", least=0),
            Field("trainer", "What is trained; what needs neither a download nor a card if left out.",
                  choices=("probe", "nearest", "encoder", "encoder-tuned", "lora", "trl")),
            Field("model", "A folder with the weights of the model to train.", "path"),
            Field("sizes", "Training rows of each rung with commas, such as 50,100,200; chosen if left out."),
            Field("draws", "Random draws of each size.", "count", least=1, most=50),
            Field("candidates", "What is measured beside it: all that is free, or nothing.", choices=("auto", "none")),
        ), writes=True,
    ),
    Tool(
        "add_round", "Keep what a round showed",
        "Keeps a measured round (rows, score, the one thing changed), folds it into the curve, and says what now. "
        "Only scores that were measured.", writing.add_round,
        (
            *CASE, Field("rows", "Training rows of the round, in all.", "count", required=True, least=1, most=10**12),
            Field("score", "What its test showed, such as 0.81 or 81%.", "amount", required=True),
            Field("changed", "The one thing done in it.", choices=get_args(Changed), required=True),
            Field("test_rows", "Rows it was scored on; the test file's if left out.", "count", least=1, most=10**12),
            Field("corrects", "The number of the round whose place it takes.", "count", least=1),
        ), writes=True,
    ),
    Tool(
        "spend_add", "Book a charge",
        f"Books one charge in the ledger. {WHOSE_WORD.format('amount, day and line')} A charge cannot be erased, only "
        "corrected by a further one.", writing.spend_add,
        (
            PROJECT, Field("amount", "What was paid, such as 42.50.", "amount", required=True),
            Field("currency", "USD, EUR, …; the project's if left out."),
            Field("line", "The line of the bill; other if left out.", choices=CATEGORIES),
            Field("on", "The day that it was paid (YYYY-MM-DD); today if left out."), Field("note", "What for."),
            Field("quantity", "How much was bought, such as 34.", "amount"), Field("unit", "Its unit, such as h."),
            Field("credit", "Money that came back.", "yes or no"),
            Field("replaces", "The id of the entry that this one corrects."), CODE,
        ), writes=True,
    ),
    Tool(
        "approve", "Release money",
        f"Releases money for the plan on file, on record. {WHOSE_WORD.format('the amount and who approves it')} "
        "You never approve in your own name.", writing.approve,
        (
            PROJECT, Field("amount", "What is released, such as '1500 USD'.", required=True),
            Field("by", "The person who approves it, as they named themselves; a form asks them again.", required=True),
            Field("until", "The last day that it covers (YYYY-MM-DD)."),
            Field("note", "Why, or under which conditions."),
            Field("plan", "The hash of the plan that the person read: `plan` of `approvals` when you showed it. "
                  "Refused if it is no longer the plan on file.", required=True), CODE,
        ), writes=True,
    ),
    Tool(
        "write_report", "Write the page",
        "Writes report.html, report.md and report.json; earlier ones that tunecase made are replaced.",
        writing.write_report,
        (*CASE, Field("to", "The folder of the files; the case's own if left out.", "path")),
        writes=True, destroys=True,
    ),
    Tool(
        "audit_fix", "Write a cleaned copy",
        "Writes a cleaned copy of the training file into a new folder, with what was taken out and why, and the rows "
        "to review. The data themselves stay as they are.", writing.fix,
        (
            *CASE, Field("to", "The folder to write, which must not be there yet.", "path", required=True),
            Field("mask", "Also mask personal data in the copy.", "yes or no"),
        ), writes=True,
    ),
)  # fmt: skip
TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (*READING, *WRITING)}


def offered(allow_writing: bool) -> tuple[Tool, ...]:
    """The tools that a client sees: the read-only ones, and with `allow_writing` those that write."""
    return (*READING, *WRITING) if allow_writing else READING
