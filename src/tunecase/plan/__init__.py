"""Every step that money could buy, and the best policy over them: levers, costs and rounds."""

from tunecase.plan import costs, levers
from tunecase.plan.known import Known

__all__ = ["Known", "costs", "levers"]
