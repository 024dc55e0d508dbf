"""The transcript of the voice note that a contact flow asks for.

Called by the module `voice_note` with `voiceNoteId`; answers `status` ready, pending or failed
within Connect's eight seconds. The flow polls while it is pending. With `audioLink` ("yes") also
`audioUrl`, for an agent's guide.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib import flow_call, log, wiring


@log.flushed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """Answer the flow with flat strings."""
    call = flow_call.read(event)
    notes, asked = wiring.current().flow_voice_notes, call.parameter("voiceNoteId")
    told = notes.transcript(asked, audio_link=call.parameters.get("audioLink") == "yes")
    log.info(
        "a flow asked for a voice note's transcript", contact=call.contact, status=told["status"]
    )
    return flow_call.answer(told)
