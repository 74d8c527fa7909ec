"""Every step that money could buy, and the best policy over them: levers, costs and rounds."""

from tunecase.plan import costs, levers

__all__ = ["costs", "levers"]
