"""Sends a WhatsApp message template into the contact's conversation, also outside the window.

Parameters of the block: `template` (its name), optionally `language`, and one value per place of
the template, by name or number. An agent's guide passes `conversation` on, the attribute of the
customer's contact. Answers `status` queued or refused, `text` as the customer will read it, or
`reason` for the agent. Without `template` it lists what there is.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib import flow_call, log, wiring


@log.flushed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """Answer the flow with flat strings."""
    call = flow_call.read(event)
    templates = wiring.current().send_template
    if not call.parameters.get("template"):
        return flow_call.answer({"status": "listed", **templates.choices()})
    told = templates.for_flow(call)
    log.info("a flow sends a template", contact=call.contact, status=told["status"])
    return flow_call.answer(told)
