"""Every step that money could buy, what each is worth, and the one plan that all figures come from."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.plan import costs, levers
    from tunecase.plan.anew import Anew
    from tunecase.plan.bridge import bridge
    from tunecase.plan.drawn import AFTER_LAUNCH, Drawn, Walked, drawn, work_of
    from tunecase.plan.going import cost_of_rows
    from tunecase.plan.known import Known
    from tunecase.plan.limits import shown_score
    from tunecase.plan.machine import HOSTED
    from tunecase.plan.measured_way import MeasuredWay, measured_ways, own_promise
    from tunecase.plan.plan import plan, quantile
    from tunecase.plan.solved import Solved, merit_of, solve
    from tunecase.plan.variants import variants

loads_late(__name__)
