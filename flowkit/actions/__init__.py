"""The registry of action types: every documented one and the real ones the reference omits."""

from flowkit.actions import contact, flow_control, interaction, media, participant
from flowkit.actions.invented import INVENTED, MISPRINTED
from flowkit.actions.spec import ActionSpec

REGISTRY: dict[str, ActionSpec] = {
    spec.name: spec
    for table in (
        participant.ACTIONS,
        flow_control.ACTIONS,
        interaction.ACTIONS,
        contact.ROUTING,
        contact.DATA,
        media.ACTIONS,
        media.UNDOCUMENTED,
    )
    for spec in table
}


def find(action_type: str) -> ActionSpec | None:
    """The row of this type; a misprinted name of the developer guide finds the real type."""
    return REGISTRY.get(MISPRINTED.get(action_type, action_type))


def real_names(action_type: str) -> tuple[str, ...] | None:
    """What to write instead of an invented or misprinted name; None when the name is neither."""
    if action_type in MISPRINTED:
        return (MISPRINTED[action_type],)
    return INVENTED.get(action_type)
