"""The app's pages: plain values in, HTML out; one style sheet and one script serve them all."""

from tunecase.web.pages.case import case_page
from tunecase.web.pages.cases import cases_page
from tunecase.web.pages.drawing import SCRIPT, STYLE, message_page
from tunecase.web.pages.pilot import live_fragment
