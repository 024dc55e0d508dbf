"""Scenarios: what a customer does and what they, the agent and the supervisor then find."""

from flowkit.scenario.reading import Scenario, ScenarioError, Step, read_scenarios
from flowkit.scenario.running import Failure, Outcome, run_scenario
from flowkit.scenario.surroundings import Nothing, Surroundings

__all__ = [
    "Failure",
    "Nothing",
    "Outcome",
    "Scenario",
    "ScenarioError",
    "Step",
    "Surroundings",
    "read_scenarios",
    "run_scenario",
]
