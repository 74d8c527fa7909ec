"""The conductor: opens a case, makes what a verb rests on, calls the verb, and keeps its record in the ledger."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.flow.approve import ApprovalAsked, approvals, approve, reject
    from tunecase.flow.audit import AuditAsked, DataFiles, audit, audit_file
    from tunecase.flow.books import BooksAsked, BooksFiles, books, check_books_files, write_books
    from tunecase.flow.check import check
    from tunecase.flow.clean import FixAsked, fix, fix_file, review, review_file
    from tunecase.flow.codes import Request, draw, leave, take
    from tunecase.flow.compare import CompareAsked, compare
    from tunecase.flow.define import baselines
    from tunecase.flow.evals import EvalsAsked, evals
    from tunecase.flow.fit import FitAsked, fit
    from tunecase.flow.forecast import asked_of, metric_of
    from tunecase.flow.inference import FIELDS as INFERENCE_OPTIONS
    from tunecase.flow.inference import InferenceAsked, inference
    from tunecase.flow.init import about_examples, copy_example, init
    from tunecase.flow.judge import JudgeAsked, judge
    from tunecase.flow.label import LabelAsked, label_task, label_trial, next_labels, next_labels_file
    from tunecase.flow.ledger import anchor, ledger_warnings, not_used, rechain, set_aside, verify
    from tunecase.flow.next import add_round, next_step
    from tunecase.flow.opened import Flow, open_case
    from tunecase.flow.option_values import as_wanted

    # `as` for users' type checkers: only of such a name, or one of `__all__`, do strict ones take the type.
    from tunecase.flow.options import (
        AnswerOptions as AnswerOptions, ApprovalOptions as ApprovalOptions, ChargeOptions as ChargeOptions,
        ChargesOptions as ChargesOptions, CompareOptions as CompareOptions, FitOptions as FitOptions,
        ImportOptions as ImportOptions, JudgeOptions as JudgeOptions, PilotOptions as PilotOptions,
        PricesOptions as PricesOptions, RunOptions as RunOptions, ServingOptions as ServingOptions,
    )  # fmt: skip
    from tunecase.flow.pilot import PilotWords, export, merge, pilot, pilot_is_under_way, pilot_settings
    from tunecase.flow.points import base_model, points
    from tunecase.flow.prices import UpdateAsked, prices, update_prices
    from tunecase.flow.questions import QUESTIONS, Question, asked
    from tunecase.flow.report import ReportAsked, as_it_stands, check_report, contents, material, report
    from tunecase.flow.run import Walk, Watch, last_walk, road
    from tunecase.flow.scorecard import ScorecardAsked, scorecard, write_scorecard
    from tunecase.flow.shelf import Found, Glance, find_cases, glance, size_and_moment, stamp_of
    from tunecase.flow.sources import sources, try_source
    from tunecase.flow.spend import (
        ChargeAsked, ImportAsked, ServingAsked, charges, rate_words, spend, spend_import, spend_map, spend_serving,
        spend_text,
    )  # fmt: skip
    from tunecase.flow.split import Wanted
    from tunecase.flow.training import book_run, charge_of, hour_price, released, usd_left
    from tunecase.flow.verbs import curve, decide, define, estimate, forecast, keep_forecast
    from tunecase.flow.without_project import forecast_file
    from tunecase.records import PilotSettings

loads_late(__name__)
