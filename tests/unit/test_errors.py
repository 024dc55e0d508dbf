"""What every error of the product states: try again?, whose fault?, what does the agent read?"""

import re

import pytest

from chalicelib import errors
from chalicelib.errors import PuenteError, ServiceError
from chalicelib.texts import Texts, keys, languages


def family(root: type[PuenteError] = PuenteError) -> list[type[PuenteError]]:
    return [root, *(one for child in root.__subclasses__() for one in family(child))]


FAMILY = sorted({one for one in family() if one.__module__ == errors.__name__}, key=repr)


def test_the_picture_in_the_docstring_shows_the_whole_family() -> None:
    drawn = re.findall(r"^    [│ ├└─]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert set(drawn) == {one.__name__ for one in FAMILY}


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_means(kind: type[PuenteError]) -> None:
    assert (kind.__doc__ or "").strip()
    assert kind.blame in ("us", "customer", "agent", "service")
    problem = kind("what happened", code="E42", values={"limit": "4096"})
    assert (problem.code, problem.values, str(problem)) == (
        "E42",
        {"limit": "4096"},
        "what happened",
    )


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_what_an_error_tells_the_agent_is_a_sentence_in_every_language(
    kind: type[PuenteError], language: str
) -> None:
    key = kind("x").tell_agent
    assert key in keys(language)
    assert len(Texts(language).get(key).split()) >= 3


def test_only_what_may_pass_is_tried_again() -> None:
    retryable = {kind.__name__ for kind in FAMILY if kind.retryable}
    assert retryable == {"Throttled", "OutOfTurn", "Unreachable", "Unsure", "Garbled", "Denied"}


def test_a_service_error_names_its_service() -> None:
    assert ServiceError("no answer", service="connect").service == "connect"


def test_the_closed_window_is_a_refusal_the_agent_can_act_on() -> None:
    assert issubclass(errors.WindowClosed, errors.Rejected)
    assert errors.WindowClosed.blame == "agent"
    assert not errors.WindowClosed.retryable
