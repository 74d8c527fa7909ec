"""Pages of each verdict, made by hand, for the tests of what draws them."""

from dataclasses import replace

from tunecase.blocks import (
    Account,
    Answer,
    Branch,
    Cell,
    Curve,
    Facts,
    Finding,
    Gates,
    Listing,
    Months,
    Page,
    Part,
    Row,
    Rows,
    Scored,
    Step,
    Table,
    Tile,
    Tornado,
    Verdict,
    Waterfall,
)

GATES = Gates(
    "One test decides",
    ("Train once, test once", "about 1,500 USD", "Llama-3.1-8B learns from 680 tickets; 270 unseen ones test it"),
    (
        Branch("Ship", "at 83% or more", 0.11, 0.11, "good"),
        Branch("Go on", "at 67 to 83%", 0.53, 0.29, "warn"),
        Branch("Stop", "below 67%", 0.36, 0.0, "bad"),
    ),
    ("Reaches 80%: 40 in 100", "worth about 59,000 USD in a year"),
    ("Does not: 60 in 100", "then spent: 1,700 (middle case), 12,000 (worst of ten)"),
)
VERDICT = Verdict(
    "stages",
    "Yes, in stages:",
    "release 1,500 USD now,",
    "not 15,000.",
    "The money buys one training run of a larger model and one fair test. The pilot, a small stand-in, gets half of "
    "the tickets right; more labels alone would not take it to 80% (chance 4%). Nobody has measured the larger model "
    "yet; this step does.",
    "plain",
)
TILES = (
    Tile("release", "Release now", "1,500", "USD", "hours are a guess, rates are yours; 830 to 2,800", "assumed"),
    Tile("lost", "Most you could lose", "12,000", "USD", "if it fails; 9 failures in 10 cost less", "assumed"),
    Tile(
        "chance", "Chance to reach 80%", "40%", "", "if the larger model does better, as published ones did", "assumed"
    ),
    Tile("value", "Value if reached", "59,000", "USD", "in 12 months, as the owner priced it", "stated"),
)
ANSWER = Answer(
    VERDICT,
    TILES,
    GATES,
    "One test decides: ship, go on or stop",
    "Height is chance. The plan is worth 19,000 USD on average, after its costs.",
    (
        ("A prompt alone reaches 80%.", "Nobody has tried one. It takes about 1,900 USD of work."),
        ("A right answer is worth under 0.06 USD.", "You said 0.25 to 0.60. Below 0.06 no step pays for itself."),
        ("The larger model is no better.", "If it only matches the stand-in, the chance is 4%."),
    ),
    ("Approve 1,500 USD", "Try a prompt first", "Reject"),
)
CURVE = Curve(
    caption="accuracy by number of examples",
    metric="accuracy",
    direction="higher",
    runs=((21, 0.2), (21, 0.17)),
    points=((21, 0.19), (43, 0.23), (85, 0.31), (170, 0.39), (340, 0.46), (680, 0.5)),
    band=((680, 0.45, 0.5, 0.54), (1_500, 0.49, 0.56, 0.62), (4_000, 0.52, 0.61, 0.69), (9_750, 0.56, 0.65, 0.75)),
    target=0.8,
    ceiling=0.97,
    n_max=9_750,
    spread=((21, 0.15, 0.23), (85, 0.28, 0.34)),
    n_budget=9_750,
    assumed=((680, 0.45, 0.66, 0.85), (1_500, 0.5, 0.71, 0.87), (9_750, 0.6, 0.77, 0.9)),
    assumed_name="Llama-3.1-8B",
)
STEPS = (
    Step("Base estimate", "as likely to cost more as less", 1_700, "base"),
    Step("Contingency", "known doubts: rounds, hours, prices", 3_000, "added"),
    Step("Reserve", "for what nobody foresees", 3_500, "added"),
    Step("Set aside", "enough four times in five", 8_200, "total"),
)
MONEY = Part(
    "money",
    "Money",
    "In the middle case the whole plan costs about 2,100 USD. Set 8,200 aside.",
    (
        Finding(
            "Set 8,200 USD aside: four fifths of it is doubt",
            "USD, whole plan; adds up from left to right",
            (Waterfall("Set aside", STEPS, "USD", 15_000),),
        ),
        Finding(
            "People cost 45%, computers almost nothing",
            "Average over all simulated runs, USD",
            (
                Rows(
                    "Where it goes",
                    ("Where it goes", "Share", "USD"),
                    (
                        Row("People", "engineering, error analysis, evaluation", 0, None, 0.45, ("45%", "2,100")),
                        Row("Overruns on people's time", "one project in five", 0, None, 0.37, ("37%", "1,800")),
                        Row("Data", "labels, repairs, reviews", 0, None, 0.18, ("18%", "900")),
                        Row("Computers", "GPU, storage", 0, None, 0.0002, ("under 1%", "1")),
                    ),
                    "share",
                    as_share=True,
                    total=("Average", "100%", "4,800"),
                ),
            ),
            "The average lies above the middle case because a few runs cost much more.",
        ),
        Finding(
            "Little is spent before the first test",
            "USD spent by month; shade: up to the worst one in ten",
            (
                Months(
                    "Spend over time",
                    (("Dec 2026", 2_100, 5_000), ("Jan 2027", 3_900, 9_000), ("Feb 2027", 4_800, 13_000)),
                    "USD",
                    15_000,
                ),
            ),
        ),
    ),
)
EVIDENCE = Part(
    "evidence",
    "Evidence",
    "Measured: the small stand-in. Assumed: the larger model.",
    (
        Finding("The small stand-in will not reach 80%. The larger one might.", "Share of tickets right", (CURVE,)),
        Finding(
            "Nobody has measured a prompt",
            "Score, 8 in 10",
            (
                Scored(
                    "ways",
                    "accuracy",
                    (
                        ("A small word-count model", (0.46, 0.5, 0.54), "0.02 USD per 1,000"),
                        ("A prompted model", None, ""),
                    ),
                    0.8,
                ),
            ),
        ),
        Finding(
            "Training the larger model is the cheapest next step and worth the most",
            "Price of the first step, USD; dot: middle case; bar: 8 in 10",
            (
                Rows(
                    "Options",
                    ("Next step", "First step", "Reaches 80%", "Worth"),
                    (
                        Row(
                            "Train the larger model on what you have",
                            "680 tickets",
                            830,
                            1_500,
                            2_800,
                            ("1,500", "40%", "19,000"),
                            "assumed",
                            strong=True,
                        ),
                        Row(
                            "Buy 680 more labels first",
                            "then train and test",
                            6_000,
                            10_000,
                            14_000,
                            ("10,000", "41%", "13,000"),
                            "stated",
                        ),
                        Row("Stop here", "spend nothing more", 0, 0, 0, ("0", "0%", "0")),
                    ),
                    "USD",
                    15_000,
                ),
            ),
        ),
        Finding(
            "Surprises move the bill more than any price does",
            "Average total in USD",
            (
                Tornado(
                    "drivers",
                    (
                        ("Unforeseen work", 3_400, 22_000, "none", "2.7 times the hours"),
                        ("Rounds until it works or stops", 1_900, 17_000, "1 round", "3 rounds"),
                    ),
                    "USD",
                ),
            ),
        ),
        Finding(
            "Two data problems need a person",
            "717 tickets read, 680 usable",
            (
                Table(
                    "Data",
                    ("Finding", "Kind", "Rows", "What to do", "USD"),
                    (
                        (
                            Cell("Same ticket, two answers"),
                            Cell("Should fix", "warn"),
                            Cell("5"),
                            Cell("decide on one answer, write the rule down"),
                            Cell("3"),
                        ),
                        (
                            Cell("Test tickets copied into training"),
                            Cell("Must fix", "bad"),
                            Cell("6"),
                            Cell("6 training rows deleted"),
                            Cell("0"),
                        ),
                    ),
                    (2, 4),
                ),
            ),
        ),
    ),
)
APPENDIX = (
    Account(
        "audit",
        "717 rows were read and 680 can be used.",
        short=(Facts("", (("Rows", "717"), ("Usable", "680"))),),
        full=(Listing("Not checked", ("Whether texts are copies of web pages.",)),),
    ),
    Account("words", "What the words on this page mean.", short=(Facts("", (("Target", "The score needed."),)),)),
)
PAGE = Page(
    "Support-ticket routing",
    "Send each new ticket to the right team at once, without a person reading it first.",
    "Head of Support",
    "27 November 2026",
    "For decision",
    ANSWER,
    (MONEY, EVIDENCE),
    APPENDIX,
    ("Every figure is in report.json beside this page; seed 0.",),
    version="0.20.0",
)

_NONE = (
    Tile("release", "Release now", "0", "USD", "nothing has to be bought", "measured"),
    Tile("lost", "Most you could lose", "0", "USD", "no step is advised", "assumed"),
    Tile("chance", "Chance to reach 80%", "4%", "", "on the pilot's own curve", "measured"),
    Tile("value", "Value if reached", "not known", "", "nobody has said what a right answer is worth", ""),
)


def _verdict(kind: str, lead: str, emphasis: str, rest: str, why: str, tone: str) -> Page:
    verdict = Verdict(kind, lead, emphasis, rest, why, tone)  # type: ignore[arg-type]
    return replace(PAGE, answer=replace(ANSWER, verdict=verdict, tiles=_NONE, gates=None))


def pages() -> dict[str, Page]:
    """A page for each kind of verdict."""
    ship = Gates(
        "Nothing is left to test",
        ("Ship what is there",),
        (Branch("Ship", "82% on 270 tickets", 1.0, 0.97, "good"),),
        ("Truly reaches 80%: 97 in 100",),
        ("Does not: 3 in 100", "shown by luck"),
    )
    yes = replace(PAGE, answer=replace(ANSWER, verdict=replace(VERDICT, kind="yes", lead="Yes:", rest="", tone="good")))
    shipped = _verdict(
        "ship", "Ship it:", "what you have reaches 80%,", "and nothing need be tuned.", "It got 82% right.", "good"
    )
    return {
        "yes": yes,
        "stages": PAGE,
        "measure": _verdict(
            "measure", "Measure first:", "run the pilot,", "for about 2 USD.", "No run was made yet.", "unknown"
        ),
        "instead": _verdict(
            "instead", "Do not fine-tune:", "a prompt does it", "for 1,900 USD.", "It reaches 84%.", "warn"
        ),
        "ship": replace(shipped, answer=replace(shipped.answer, gates=ship, gates_title="Nothing is left to test")),
        "no": _verdict("no", "No:", "the plan costs more than it brings.", "", "On average it loses 4,000 USD.", "bad"),
        "not yet": replace(
            _verdict("not yet", "Not yet:", "say which score is enough.", "", "Nobody has stated a target.", "unknown"),
            parts=(),
            status="",
        ),
    }
