"""A face hands on what it names, and loads it when it is asked for."""

import subprocess
import sys

import pytest

from tunecase import flow, plan


def test_a_part_is_loaded_when_it_is_asked_for() -> None:
    """To load a room loads none of its parts; one part that is asked for leaves the others as they are."""
    code = "import sys\nfrom tunecase import flow\n" + "print('tunecase.flow.fit' in sys.modules)\n" * 2
    code = (
        code.replace("modules)\nprint", "modules)\nflow.FitAsked\nprint")
        + "print('tunecase.flow.books' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ["False", "True", "False"] == ran.stdout.split()


def test_a_function_is_not_hidden_by_the_module_of_its_name() -> None:
    """Whoever loads the module fit, the face's fit is the function; a module that a face names is itself."""
    code = "import tunecase.flow.fit\nfrom tunecase import flow\nprint(callable(flow.fit))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "True" == ran.stdout.strip()
    assert "tunecase.plan.levers" == plan.levers.__name__


def test_what_a_face_does_not_name_is_no_part_of_it() -> None:
    """Neither another name nor one that only its file uses."""
    for name in ("fitted", "TYPE_CHECKING_", "__wrapped__"):
        with pytest.raises(AttributeError, match=f"'tunecase.flow' has no attribute '{name}'"):
            getattr(flow, name)
