"""How each record, and each of its rows, is reached from the prepared case of docs/api.md: its example on that page."""

import re
from typing import NamedTuple


class Road(NamedTuple):
    """The way to one record: an expression that gives it, what is shown of it, what that prints, and lines before."""

    kind: str
    reach: str
    shown: str
    prints: str
    first: str = ""

    @property
    def asks(self) -> bool:
        """Whether it asks something, rather than look at what the preamble made or build a row by hand."""
        return bool(self.first) or "case." in self.reach or "scorecard(" in self.reach

    @property
    def name(self) -> str:
        """What the example calls the record, such as `book_line`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.kind).lower()

    @property
    def example(self) -> str:
        """The example as it stands on the page; the tests run it, and see that the record is of the class."""
        before = [f"{'...' if line[0] == ' ' else '>>>'} {line}" for line in self.first.splitlines()]
        reached = [] if self.reach == self.name else [f">>> {self.name} = {self.reach}"]
        return "\n".join([*before, *reached, f">>> {self.name}.{self.shown}", self.prints])


# What examples of several classes begin with.
FLOW = "from tunecase import flow"
SERVED = '_ = case.spend_serving(first="2026-10-01", last="2026-10-31", answers="41k", cost="640 USD")'
LOG = 'EvalLog("base.eval", "inspect", "", "base", "triage", "2026-11-20", "accuracy", "", 100, 100, 0.81)'
COMPARED = 'case.compare(changes={"compute.tier": "marketplace"})'
SAMPLING = 'run = training_run("llama-3.1-8b", "A100-80GB", method="lora", objective="grpo", steps=100)'
COPIED = """\
import shutil
from tunecase import flow
Path("new").mkdir()
_ = shutil.copy("data/train.jsonl", "new/rows.jsonl")"""
POINT = 'point = MeasuredPoint("qwen3-8b", "L4", 1, 1, "bf16", "vllm", 8, 600, 60, 2.4, 144.0)'
UNPLACED = """\
from tunecase import flow
_ = case.spend("30", "USD", category="other", note="S3")"""
READ = """\
task = case.label_task(20)
for name in task.files[:2]:  # two readers fill in the column `label`
    text = Path(name).read_text("utf-8-sig").replace(",,,,", ",how_to,,,")
    _ = Path(name).write_text(text)"""
REVIEW = """\
cleaned = case.fix("clean", force=True)
sheet = Path("clean/review.csv").read_text("utf-8-sig")
_ = Path("clean/review.csv").write_text(sheet.replace(",,,,", ",right,,,", 1))"""
SCRAPE = """\
import json
lines = Path("data/pool.jsonl").read_text().splitlines()
rows = [json.loads(line) | {"label": "how_to"} for line in lines]
_ = Path("scraped.jsonl").write_text("\\n".join(map(json.dumps, rows)))"""

_ROWS = (
    Road("Accuracy", "next(one.accuracy for one in audit.findings if one.accuracy)", "precision", "0.997"),
    Road("ActivityHours", "estimate.effort[0]", "name", "'prompts and baselines'"),
    Road("Adopted", 'Adopted("9f31", "2026-11-20", Decimal("120"), "USD", "first runs")', "amount", "Decimal('120')"),
    Road("AdviceEnded", 'scorecard(".").advice[0]', "followed", "True"),
    Road("Alternative", "definition.alternatives[0]", "name", "'n_grams'"),
    Road("Anchored", 'Anchored(12, "9f31c07a")', "accepted", "False"),
    Road("Approval", "approvals.approved[0].approval", "by", "'Head of Support'"),
    Road("Approvals", "approvals", "spendable", "Decimal('6000')"),
    Road("Approved", "approvals.approved[0]", "left", "Decimal('6000')"),
    Road("AtHand", "definition.at_hand", "way", "'n_grams'"),
    Road("Audit", "audit", "verdict", "'fit after fixes'"),
    Road("Authorised", "estimate.plan.authorise", "total > 0", "True"),
    Road("Bar", "decision.plan.bar", "miss", "1.0"),
    Road("BandHeld", "BandHeld(Band(2_000, 3_000, 3_800, 4_500), actual=4_100)", "inside", "True"),
    Road("Baseline", "pilot.baselines[0]", "name", "'majority'"),
    Road("Begun", 'flow.init(Path("data/train.jsonl"), to=Path(), force=True)', "test", "True", FLOW),
    Road("Bill", COMPARED + ".first", "name", "'tunecase.yaml'"),
    Road("BookLine", "books.lines[0]", "name", "'gpu'"),
    Road("Books", "books", "spent", "Decimal('120')"),
    Road("Bridge", "estimate.plan.bridge", "moved[0].why", "'rounds where the target is shown'"),
    Road("Candidate", "pilot.candidates[0]", "name", "'n-grams'"),
    Road(
        "Capital",
        'Capital("8 x H100", Band(180_000, 200_000, 215_000, 230_000), expected=201_000, charged=3_400)',
        "charged",
        "3400",
    ),
    Road("CaseScored", 'scorecard(".").scored[0]', "finished", "False"),
    Road("Chance", "estimate.plan.chance", "shown.value < 0.5", "True"),
    Road("ChanceMet", "ChanceMet(0.7, came=True)", "came", "True"),
    Road("ChancesMet", 'scorecard(".").chances', "cases", "0"),
    Road("Change", 'Change("price book", "2026-10-01", "2026-11-01")', "now", "'2026-11-01'"),
    Road("Charge", "charges.charges[0]", "charge.amount", "Decimal('120')"),
    Road("Charges", "charges", "total", "Decimal('120')"),
    Road("Check", "case.check()", "broken", "()"),
    Road("ClassAgreement", "case.label_trial(*task.files[:2]).by_class[0]", "share", "1.0", READ),
    Road("Cleaned", 'case.fix("clean", force=True)', "kept", "680"),
    Road(
        "Closing",
        'case.flow.ledger.latest("record", "close").record()',
        "lines",
        "('gpu',)",
        '_ = case.books(close="gpu")',
    ),
    Road("Cluster", "audit.clusters[0]", "kind", "'raw'"),
    Road(
        "Compared",
        'Compared("a", "8B, LoRA", "memory", "GiB", Interval80(18, 20, 24), 21.5, "own", "2026-11-01")',
        "inside",
        "True",
    ),
    Road("Comparison", COMPARED, "changed[0].field", "'compute.tier'"),
    Road("Confusion", "pilot.mistakes.confusions[0]", "answer", "'feature_request'"),
    Road("CostPart", "case.books().served.parts[0]", "name", "'volume'", SERVED),
    Road("Criterion", "definition.criteria[0]", "name", "'measurable goal'"),
    Road(
        "Crossing",
        'Crossing("one L4", "per token", 80_000, 95_000, 120_000, "from 95k answers a month")',
        "mid",
        "95000",
    ),
    Road("CurveBand", "forecast.band[0]", "n", "680"),
    Road("Decision", "decision", "ok", "True"),
    Road("DefaultUsed", "estimate.defaults[0]", "field", "'training.rank'"),
    Road("Definition", "definition", "verdict", "'go to pilot'"),
    Road("Depth", 'case.fix("clean", force=True).depths[0]', "rows", "50"),
    Road("DepthReviewed", 'case.review("clean/review.csv").depths[0]', "rows", "1", REVIEW),
    Road("Difference", COMPARED + ".lines[0]", "name", "'gpu'"),
    Road("Disagreement", 'Disagreement("billing", "account", rows=7)', "rows", "7"),
    Road("Driver", "estimate.drivers[0]", "name", "'unknowns'"),
    Road("Ending", 'Ending("2027-05-01", "the base model retires", months=5.2, horizon=12)', "months", "5.2"),
    Road("Estimate", "estimate", "currency", "'USD'"),
    Road("EvalLog", LOG, "score", "0.81"),
    Road(
        "EvalPair",
        "EvalPair(400, 0, 0, Interval80(0.04, 0.07, 0.10), 0.17, won=48, lost=20, chance_better=0.99)",
        "won",
        "48",
    ),
    Road("Evals", "Evals((log,), fail_below=0.85)", "ok", "False", "log = " + LOG),
    Road("FieldChange", COMPARED + ".changed[0]", "second", "'marketplace'"),
    Road("Finding", 'audit.finding("leak_exact")', "count", "6"),
    Road("Fit", "fit", "verdict", "'fits'"),
    Road("Flip", "decision.value_flips[0]", "name", "'problem.value'"),
    Road("Forecast", "forecast", "verdict", "'unlikely'"),
    Road("GainItems", "GainItems(0.05, paired=490, paired_low=430, paired_high=570, unpaired=1_300)", "paired", "490"),
    Road("Held", "held(case.flow.spendings())", "superseded", "0", "from tunecase.books import held"),
    Road("Held80", 'scorecard(".").totals', "of", "0"),
    Road("HitRate", "HitRate(lines=10, inside_80=7, inside_90=9, projects=2)", "share", "0.7"),
    Road("HoursHeld", 'HoursHeld("labour", told=40, told_for_rounds=60, booked=72)', "booked", "72"),
    Road(
        "Imported",
        'case.spend_import("timesheet", "hours.csv")',
        "booked",
        "1",
        '_ = Path("hours.csv").write_text("date,person,hours,activity\\n2026-11-20,Ada,3,data work\\n")',
    ),
    Road("Inference", "inference", "ok", "True"),
    Road("InferenceWay", "inference.ways[0]", "kind", "'plain cores'"),
    Road(
        "Judged", 'Judged("a judge", "answers.csv", ("it is polite",), 50, 270, 0, None, (), "unknown")', "ok", "False"
    ),
    Road("Judgement", 'case.compare(fail_if_over="90k USD").judged', "kept", "True"),
    Road("KeyAssumption", "estimate.key_assumptions[0]", "name", "'unknowns'"),
    Road("LabelTask", "case.label_task(20)", "files[2]", "'label-trial/labels.txt'"),
    Road("LabelTrial", "case.label_trial(*task.files[:2])", "agreed", "20", READ),
    Road("Labelling", "case.next_labels(20)", "asked", "20"),
    Road("Latency", "Latency(p50=180.0, p95=420.0)", "p95", "420.0"),
    Road("LeftOut", "fit.rejected[0]", "reason", "'the samples of one step are not a multiple of cards x micro-batch'"),
    Road("Limits", "estimate.plan.limits", "most_rows", "680"),
    Road("Line", "estimate.lines[0]", "name", "'gpu'"),
    Road("LineHeld", 'LineHeld("labour", Band(2_000, 3_000, 3_800, 4_500), actual=1_200)', "inside", "False"),
    Road(
        "LineRule",
        'flow.spend_map(case.flow, unplaced.match, "storage").made',
        "line",
        "'storage'",
        UNPLACED + "\nunplaced = flow.spend_map(case.flow).unplaced[0]",
    ),
    Road("LoadPoint", "inference.points[0]", "concurrency", "256"),
    Road("Look", "decision.looks[0]", "command", "'tunecase pilot --hosted gpt-6-luna'"),
    Road("Mapped", "flow.spend_map(case.flow)", "currency", "'USD'", FLOW),
    Road(
        "Measured", "next(one.measured for one in audit.findings if one.measured)", "name", "'wrong labels estimated'"
    ),
    Road("MeasuredLoad", "MeasuredLoad(point, predicted=Interval80(110, 150, 190))", "inside", "True", POINT),
    Road("MeasuredLoads", "MeasuredLoads((MeasuredLoad(point, Interval80(110, 150, 190)),))", "inside", "1", POINT),
    Road(
        "MeasuredPoint",
        'MeasuredPoint("qwen3-8b", "L4", 1, 1, "bf16", "vllm", 8, 600, 60, 2.4, 144.0)',
        "output_tokens_per_s",
        "144.0",
    ),
    Road(
        "Metered",
        'case.spend_serving(first="2026-10-01", last="2026-10-31", answers="41k", cost="640 USD")',
        "currency",
        "'USD'",
    ),
    Road("Mistakes", "pilot.mistakes", "wrong_rows", "133"),
    Road("Month", "estimate.plan.months[0]", "number", "1"),
    Road("Moved", "estimate.plan.bridge.moved[0]", "why", "'rounds where the target is shown'"),
    Road("Needed", "forecast.needed", "p10 > 680", "True"),
    Road("Next", "case.next()", "ok", "True"),
    Road("NextCase", 'scorecard(".").next_case', "hours_factor", "1.0"),
    Road("NextLabel", "case.next_labels(20).rows[0]", "line", "86"),
    Road("NextRun", "forecast.next_run", "n", "680"),
    Road("NotUsed", "case.not_used()[0]", "verb", "'decide'"),
    Road("Option", "decision.options[0]", "lever", "'ship'"),
    Road("Outcome", "estimate.plan.then[0]", "name", "'ship'"),
    Road("OwnCurve", "forecast.candidates[0]", "name", "'n-grams'"),
    Road("Part", 'Part("licence", 1_200.0, "1,200 USD once")', "expected", "1200.0"),
    Road(
        "Phase",
        "run.phases[0]",
        "name",
        "'loss'",
        'run = training_run("llama-3.1-8b", "A100-80GB", tokens="5M", method="lora", explain=True)',
    ),
    Road("Pilot", "pilot", "trainer", "'probe'"),
    Road("PilotSettings", 'PilotSettings(trainer="probe", draws=2, max_minutes=5)', "capped", "True"),
    Road("Placed", "fit.placed", "micro_batch", "4"),
    Road("Plan", "estimate.plan", "lever", "'fine_tune'"),
    Road(
        "PlanChosen",
        'case.flow.ledger.latest("record", "plan").record()',
        "on",
        "datetime.date(2026, 11, 24)",
        '_ = case.books(plan="first")',
    ),
    Road("PlanUsed", "books.plan", "why", "'the last estimate before the first charge'"),
    Road("Point", "forecast.points[0]", "n", "21"),
    Road("Price", 'price_book(gpu="H100", terms="spot").rows[0]', "unit", "'GPU hour'"),
    Road(
        "PriceCheck",
        'PriceCheck("H100", "aws", "p5.48xlarge", "us-east-1", Decimal(80), Decimal(312), Decimal("3.9"), "USD", 2, 7)',
        "per_gpu_hour",
        "Decimal('3.9')",
    ),
    Road("Prices", 'price_book(gpu="H100", terms="spot")', "rows[0].item", "'H100'"),
    Road(
        "PricesUpdated",
        'PricesUpdated("own.csv", "catalog.csv", "aws", 14, 3, "2026-11-01", "its name", stale=False)',
        "cards",
        "3",
    ),
    Road("Promise", "pilot.candidates[0].promise", "sure", "0.9"),
    Road("Proof", "fit.proofs[0]", "what", "'memory'"),
    Road("Rechained", 'Rechained(14, 2, 12, 2, ("9f31", "c07a"), 10, 3, "0.2", "ledger.before.jsonl")', "moved", "2"),
    Road("Rejection", 'case.reject("Head of Support", note="not this year").rejection', "note", "'not this year'"),
    Road("Release", "estimate.plan.release", "hours > 0", "True"),
    Road("Report", 'case.report("out")', "html", "'out/report.html'"),
    Road("Reviews", 'case.review("clean/review.csv")', "rows", "1", REVIEW),
    Road("Rolled", "run.rollout", "training_cards", "1", SAMPLING),
    Road("Round", 'case.add_round(1360, 0.74, "label").round', "number", "1"),
    Road("RowsHeld", "RowsHeld(400, 680, 1_200, made=720)", "made", "720"),
    Road("Run", "pilot.runs[0]", "n", "21"),
    Road(
        "RunCharge",
        'RunCharge("r1", "L40S", Decimal("41.172"), Decimal("43.5"), Decimal("2.328"), None, Decimal("30"))',
        "difference_shown",
        "Decimal('2.33')",
    ),
    Road("ScoreHeld", "ScoreHeld(0.74, 0.79, 0.83, measured=0.78)", "measured", "0.78"),
    Road("Scorecard", 'scorecard(".")', "cases", "1"),
    Road(
        "Scored",
        "Scored((compared,))",
        "pairs[0].inside",
        "True",
        'compared = Compared("a", "8B, LoRA", "memory", "GiB", Interval80(18, 20, 24), 21.5, "own", "2026-11-01")',
    ),
    Road("ServedAgainstForecast", "case.books().served", "parts[0].name", "'volume'", SERVED),
    Road("ServedFigures", "case.books().served.actual", "answers", "Decimal('41000')", SERVED),
    Road("ServedMonth", "case.books().served.months[0]", "days", "31", SERVED),
    Road(
        "ServedPeriod",
        'case.spend_serving(first="2026-10-01", last="2026-10-31", answers="41k", cost="640 USD").periods[0]',
        "answers",
        "41000",
    ),
    Road("SetAside", 'SetAside("c07a", 12, "spend", "amount is missing", "typed by hand", "Ada")', "line", "12"),
    Road("Shift", "case.check().total", "name", "'total'"),
    Road("Slice", "pilot.mistakes.slices[0]", "name", "'long (over 179)'"),
    Road("SourceRaced", "sources.raced[0]", "kind", "'synthetic'"),
    Road("SourceTrial", 'case.try_source("scrape", "scraped.jsonl", draws=2)', "added", "180", SCRAPE),
    Road("Sources", "sources", "ok", "True"),
    Road(
        "SpendCallback",
        "SpendCallback(usd_per_gpu_hour=2.5, max_usd=25)",
        "watch.settings.max_usd",
        "25",
        "from tunecase.callback import SpendCallback",
    ),
    Road("Spending", "charge", "amount", "Decimal('120')"),
    Road(
        "SplitMade",
        'flow.init(Path("new/rows.jsonl"), flow.Wanted(share="15%"), to=Path("new")).split',
        "test_rows",
        "108",
        COPIED,
    ),
    Road("Stage", "audit.stages[0]", "name", "'test'"),
    Road("Throughput", "inference.throughput", "cards", "1"),
    Road("TierPrices", "price_book().tiers[0]", "tier", "'marketplace'"),
    Road("Tokens", "audit.tokens", "exact", "False"),
    Road("ToldAgainstMade", 'scorecard(".").told[0]', "name", "'rows'"),
    Road("Total", "books.planned_total", "words", "'4k (2.5k to 7k)'"),
    Road("Trial", 'Trial("C=3.0", score=0.71, rows=120, seconds=0.4)', "score", "0.71"),
    Road(
        "Tuning",
        'Tuning(680, (trial,), "rank=8", 0.70, 0.72, 0.01, gain, Interval80(0.93, 0.97, 1.0), seconds=90, usd=0.1)',
        "best",
        "'rank=8'",
        'trial, gain = Trial("rank=8", 0.72, 120, 45.0), Interval80(0.0, 0.01, 0.02)',
    ),
    Road("Unplaced", "flow.spend_map(case.flow).unplaced[0]", "amount", "Decimal('30')", UNPLACED),
    Road("UnreadCharge", 'UnreadCharge("c07a", "120 USD")', "amount", "'120 USD'"),
    Road("Unsaid", "fit.unsaid[0]", "choice", "'kernels'"),
    Road("Variance", "books.variance", "total < 0", "True"),
    Road("Variant", "pilot.variants[0]", "kind", "'merge'"),
    Road("VariantPlan", "estimate.plan.variants[0]", "kind", "'lower target'"),
    Road("Verified", "flow.verify(case.flow.path)", "whole", "True", FLOW),
    Road("Way", "estimate.ways[0]", "kind", "'spot'"),
    Road("WhatIf", 'WhatIf("stay", 15_000, wanted=0.8, chance=0.9, flips=())', "holds", "True"),
    Road("WorstRow", "pilot.mistakes.worst[0]", "label", "'change_plan'"),
    Road("Worth", "estimate.plan.worth", "taken[0][0]", "'answers'"),
    Road("Written", 'case.fix("clean", force=True).files[0]', "name", "'train.jsonl'"),
)
ROADS = {row.kind: row for row in _ROWS}
