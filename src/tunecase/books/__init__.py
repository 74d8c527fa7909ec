"""What did it cost? Charges against the plan, line by line, and what the project will have cost."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.books.approved import Dated, Drawdown, Grant, Moment, drawn_down
    from tunecase.books.books import Standing, books
    from tunecase.books.charges import DIGITS, GPU_HOUR, HOUR, ChargeText, latest_of, rates_told, spending, to_correct
    from tunecase.books.completion import LineDrawn
    from tunecase.books.earlier_projects import Kept, before_plan, hindsight, inside, kept, plan_of_record
    from tunecase.books.focus_export import PLAN_MARK, focus_csv, plan_csv
    from tunecase.books.half_imports import IMPORT_KEY, IMPORT_WORDS, HalfImports
    from tunecase.books.held import held
    from tunecase.books.limits import beyond_limits, more_back_than_paid, odd_words
    from tunecase.books.line_rules import (
        RULE_VERB,
        UNPLACED,
        map_command,
        placed,
        rule_for,
        rule_problems,
        rules_of,
        unplaced,
    )
    from tunecase.books.lines import UNKNOWNS, planned_lines
    from tunecase.books.meter import BEAT_S, METER_SOURCE, STATE_FILE, Attempt, Meter, meter_of, read_state, together
    from tunecase.books.past_cases import EXPORT_MARK, Place, exported, places_of, read_cases, read_past
    from tunecase.books.scorecard import LEAST, LEAST_CASES, LEAST_RATIOS, Past, scorecard
    from tunecase.books.served import INFERENCE, SERVED, Forecast, against_forecast, forecast_before, standing
    from tunecase.books.serving import parts_in_cents
    from tunecase.books.variance import in_cents
    from tunecase.books.words import AT_LEAST, NO_END, figure_rows, hit_words

loads_late(__name__)
