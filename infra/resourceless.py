"""Actions that are granted on `*`, because AWS knows no resource for them: all there are.

tests/test_infra_options.py holds the templates to it, and AWS's service authorization reference.
"""

from dataclasses import dataclass

from infra.runtime_policy import LOOK, TRACES

TOKEN = "ecr:GetAuthorizationToken"  # noqa: S105  (an action's name)


@dataclass(frozen=True, kw_only=True)
class Resourceless:
    """`when`: the setting that brings it, "" for always; `bounds`: what narrows it instead."""

    action: str
    when: str = ""
    bounds: str = ""


TABLE = (
    *(Resourceless(action=action) for action in TRACES),
    *(
        Resourceless(
            action=action,
            when="network.vpc",
            bounds="this region; denied to the functions' own code",
        )
        for action in LOOK
    ),
    Resourceless(action=TOKEN, when="worker.mode", bounds="this region"),
)
