"""What will it cost? The bill line by line, over the rounds of the plan."""

from tunecase.estimate.bill import estimate
from tunecase.estimate.compare import Limit, Pricing, Side, compare
