"""What was found: one frozen record per verb; guessed money is a Band in the base currency, paid money a Decimal."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.records.approve import MOST_NAME, NEARLY, Approval, Approvals, Approved, Rejection
    from tunecase.records.as_json import to_json
    from tunecase.records.audit import (
        STANDARD_INPUT, Accuracy, Audit, Cluster, Finding, Measured, Severity, Stage, Tokens,
    )  # fmt: skip
    from tunecase.records.books import (
        BookLine, Books, Closing, CostPart, HitRate, PlanChosen, PlanUsed, ServedAgainstForecast, ServedFigures,
        ServedMonth, Variance,
    )  # fmt: skip
    from tunecase.records.check import Check, Shift
    from tunecase.records.clean import Cleaned, Depth, Written
    from tunecase.records.compare import Bill, Comparison, Difference, FieldChange, Judgement
    from tunecase.records.decide import Change, Decision, Look, Option
    from tunecase.records.define import Alternative, AtHand, Criterion, Definition, Status
    from tunecase.records.disclosure import Disclosure
    from tunecase.records.estimate import (
        ActivityHours, DefaultUsed, Driver, Estimate, Flip, KeyAssumption, Line, Part, Way, WhatIf,
    )  # fmt: skip
    from tunecase.records.evals import EvalLog, EvalPair, Evals, GainItems
    from tunecase.records.fit import Compared, Fit, LeftOut, Phase, Placed, Proof, Rolled, Scored, Unsaid
    from tunecase.records.forecast import COPIES, N_GRAM_FACTORS, CurveBand, Forecast, Needed, NextRun, OwnCurve, Point
    from tunecase.records.inference import (
        Crossing, Inference, InferenceWay, Latency, LoadPoint, MeasuredLoad, MeasuredLoads, MeasuredPoint, Objective,
        Throughput,
    )  # fmt: skip
    from tunecase.records.inference import Kind as WayKind
    from tunecase.records.init import Begun, SplitMade
    from tunecase.records.judge import Judged
    from tunecase.records.label import ClassAgreement, Disagreement, Labelling, LabelTask, LabelTrial, NextLabel
    from tunecase.records.ledger import Adopted, Anchored, NotUsed, Rechained, SetAside, Verified
    from tunecase.records.next import Changed, Next, Round
    from tunecase.records.pilot import (
        NOT_ASKED, TIMED, Baseline, Candidate, Confusion, Mistakes, ModelKind, Pilot, PilotSettings, Promise, Run,
        Slice, Trial, Tuning, Variant, WorstRow, time_of_1k,
    )  # fmt: skip
    from tunecase.records.plan import (
        PUT_TO_USE, Authorised, Bar, Bridge, Capital, Chance, Ending, Kind, Limits, Month, Moved, Outcome, Plan,
        Release, Total, VariantPlan, Worth,
    )  # fmt: skip
    from tunecase.records.prices import Price, Prices, PricesUpdated, TierPrices
    from tunecase.records.report import Report
    from tunecase.records.review import DepthReviewed, Reviews
    from tunecase.records.schema import PRINTED, schema_of
    from tunecase.records.scorecard import (
        AdviceEnded, BandHeld, CaseScored, ChanceMet, ChancesMet, Held80, HoursHeld, LineHeld, NextCase, RowsHeld,
        Scorecard, ScoreHeld, ToldAgainstMade,
    )  # fmt: skip
    from tunecase.records.scorecard import Ended as CaseEnded
    from tunecase.records.serialized import RECORDS, SCHEMAS, from_json, quick_spending, reading_fault
    from tunecase.records.sources import SourceRaced, Sources, SourceTrial
    from tunecase.records.spend import (
        CATEGORIES, RULE_FIELDS, TAG, Amount, Charge, Charges, Held, Imported, LineRule, Mapped, Metered, PriceCheck,
        RunCharge, ServedPeriod, Spending, Unplaced, UnreadCharge, is_rule_field, unread_words,
    )  # fmt: skip
    from tunecase.records.tabular import Tabular

loads_late(__name__)

__all__ = [
    "CATEGORIES", "COPIES", "MOST_NAME", "NEARLY", "NOT_ASKED", "N_GRAM_FACTORS", "PRINTED", "PUT_TO_USE",
    "RECORDS", "RULE_FIELDS", "SCHEMAS", "STANDARD_INPUT", "TAG", "TIMED", "Accuracy", "ActivityHours", "Adopted",
    "AdviceEnded", "Alternative", "Amount", "Anchored", "Approval", "Approvals", "Approved", "AtHand", "Audit",
    "Authorised", "BandHeld", "Bar", "Baseline", "Begun", "Bill", "BookLine", "Books", "Bridge", "Candidate", "Capital",
    "CaseEnded", "CaseScored", "Chance", "ChanceMet", "ChancesMet", "Change", "Changed", "Charge", "Charges",
    "Check", "ClassAgreement", "Cleaned", "Closing", "Cluster", "Compared", "Comparison", "Confusion", "CostPart",
    "Criterion", "Crossing", "CurveBand", "Decision", "DefaultUsed", "Definition", "Depth", "DepthReviewed",
    "Difference", "Disagreement", "Disclosure", "Driver", "Ending", "Estimate", "EvalLog", "EvalPair", "Evals",
    "FieldChange", "Finding", "Fit", "Flip", "Forecast", "GainItems", "Held", "Held80", "HitRate", "HoursHeld",
    "Imported", "Inference", "InferenceWay", "Judged", "Judgement", "KeyAssumption", "Kind", "LabelTask",
    "LabelTrial", "Labelling", "Latency", "LeftOut", "Limits", "Line", "LineHeld", "LineRule", "LoadPoint",
    "Look", "Mapped", "Measured", "MeasuredLoad", "MeasuredLoads", "MeasuredPoint", "Metered", "Mistakes",
    "ModelKind", "Month", "Moved", "Needed", "Next", "NextCase", "NextLabel", "NextRun", "NotUsed", "Objective",
    "Option", "Outcome", "OwnCurve", "Part", "Phase", "Pilot", "PilotSettings", "Placed", "Plan", "PlanChosen",
    "PlanUsed", "Point", "Price", "PriceCheck", "Prices", "PricesUpdated", "Promise", "Proof", "Rechained",
    "Rejection", "Release", "Report", "Reviews", "Rolled", "Round", "RowsHeld", "Run", "RunCharge", "ScoreHeld",
    "Scorecard", "Scored", "ServedAgainstForecast", "ServedFigures", "ServedMonth", "ServedPeriod", "SetAside",
    "Severity", "Shift", "Slice", "SourceRaced", "SourceTrial", "Sources", "Spending", "SplitMade", "Stage",
    "Status", "Tabular", "Throughput", "TierPrices", "Tokens", "ToldAgainstMade", "Total", "Trial", "Tuning",
    "Unplaced", "UnreadCharge", "Unsaid", "Variance", "Variant", "VariantPlan", "Verified", "Way", "WayKind",
    "WhatIf", "WorstRow", "Worth", "Written", "from_json", "is_rule_field", "quick_spending", "reading_fault",
    "schema_of", "time_of_1k", "to_json", "unread_words",
]  # fmt: skip
