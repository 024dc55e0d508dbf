"""Running one scenario to its end or to the first difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowkit.bundle import Bundle
from flowkit.engine import Contact, Event
from flowkit.lint.issue import Subject
from flowkit.model import Flow, FlowError, parse
from flowkit.render import RenderError
from flowkit.scenario.doing import ACTS, Act
from flowkit.scenario.expecting import EXPECTATIONS, message_step
from flowkit.scenario.reading import Scenario, ScenarioError, Step
from flowkit.scenario.services import ScenarioServices
from flowkit.scenario.stage import Different, Stage, WrongStep, path_taken
from flowkit.scenario.surroundings import Nothing, Surroundings
from flowkit.stand_in import Function, empty_bundle

#: Contact of every scenario; its id shows in events and seeds DistributeByPercentage.
CONTACT_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True, slots=True)
class Failure:
    """The first difference: at which step, what was wanted and found, the way that led there.

    `rewrite` is the step that would hold; `append` tells that it is missing rather than wrong.
    """

    step: Step
    wanted: str
    found: str
    path: list[str]
    rewrite: str | None = None
    append: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a scenario; `events` of all its flows in order."""

    scenario: Scenario
    failure: Failure | None
    events: list[Event] = field(repr=False, default_factory=list)


def run_scenario(
    scenario: Scenario,
    bundle: Bundle,
    functions: dict[str, Function] | None = None,
    surroundings: Callable[[], AbstractContextManager[Surroundings]] = Nothing,
) -> Outcome:
    """Run it on the flows of a bundle (or on the document its `flow` names).

    `functions` are stand-ins by name; those of the surroundings go before them. Raises
    ScenarioError for steps that cannot be done.
    """
    with surroundings() as around:
        stage = _stage(scenario, bundle, {**(functions or {}), **around.functions}, around)
        failure = _played(scenario, stage)
    return Outcome(scenario, failure, stage.life.events if stage.life else [])


def _stage(
    scenario: Scenario, bundle: Bundle, functions: dict[str, Function], around: Surroundings
) -> Stage:
    flow, services = _flow(scenario, bundle, functions)
    contact = Contact(contact_id=CONTACT_ID, initial_contact_id=CONTACT_ID)
    contact.segment_attributes["connect:Subtype"] = "connect:WhatsApp"
    folder = scenario.path.parent
    return Stage(flow, services, around, folder, contact, flow_type=_type_of(flow))


def _flow(
    scenario: Scenario, bundle: Bundle, functions: dict[str, Function]
) -> tuple[Flow, ScenarioServices]:
    found = bundle.flow(scenario.flow) or bundle.module(scenario.flow)
    if found is not None:
        return found, ScenarioServices(bundle, functions=dict(functions))
    document = scenario.path.parent / scenario.flow
    try:
        flow = parse(document.read_bytes(), Path(scenario.flow).stem)
    except (OSError, FlowError, RenderError) as error:
        problem = f"there is no flow {scenario.flow!r}"
        raise ScenarioError(scenario.path, scenario.line, problem) from error
    return flow, ScenarioServices(empty_bundle(), functions=dict(functions), obliging=True)


def _type_of(flow: Flow) -> str:
    return Subject.of(flow).flow_type or "CONTACT_FLOW"


def _played(scenario: Scenario, stage: Stage) -> Failure | None:
    for step in scenario.steps:
        try:
            _do(stage, step)
        except Different as difference:
            path = path_taken(stage.life.events) if stage.life else []
            rewrite = difference.rewrite
            return Failure(step, difference.wanted, difference.found, path, rewrite)
        except (WrongStep, LookupError, FlowError) as error:
            raise ScenarioError(scenario.path, step.line, f"{step}: {error}") from error
    return _unexpected(scenario, stage)


def _do(stage: Stage, step: Step) -> None:
    for pattern, function, _ in (*ACTS, *EXPECTATIONS):
        said = pattern.fullmatch(step.sentence.strip())
        if said is not None:
            function(stage, said, step.value)
            return
    raise WrongStep("no such step (python -m flowkit scenario --steps lists them)")


def _unexpected(scenario: Scenario, stage: Stage) -> Failure | None:
    """A customer reads nothing the scenario does not know."""
    unread = stage.unread()
    if not unread or not scenario.steps:
        return None
    path = path_taken(stage.life.events) if stage.life else []
    wanted, found = "no further message", repr(unread[0])
    last = scenario.steps[-1]
    return Failure(last, wanted, found, path, message_step(unread[0]), append=True)


def sentences() -> list[str]:
    """Every step there is, as a scenario writes it."""
    return [help_text for _, _, help_text in (*ACTS, *EXPECTATIONS)]


def matching(sentence: str) -> list[Act]:
    """The steps a sentence would be: a registry without doubt gives one."""
    listed: list[tuple[re.Pattern[str], Act, Any]] = [*ACTS, *EXPECTATIONS]
    return [function for pattern, function, _ in listed if pattern.fullmatch(sentence)]
