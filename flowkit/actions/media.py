"""Contact actions about recording, voices, streams and callbacks: mostly of voice calls."""

from flowkit.actions.spec import (
    CUSTOMER_QUEUE,
    INBOUND,
    MODULE,
    NO_MATCH,
    TRANSFER,
    WHISPER,
    ActionSpec,
    reference,
    static,
    structure,
)

_RECORDED = INBOUND | TRANSFER | WHISPER | CUSTOMER_QUEUE | MODULE

ACTIONS = (
    ActionSpec(
        name="UpdateContactRecordingBehavior",
        block="Set recording and analytics behavior",
        category="contact",
        parameters=(structure("RecordingBehavior"), structure("AnalyticsBehavior")),
        other_errors=(NO_MATCH,),
        flow_types=_RECORDED,
    ),
    ActionSpec(
        name="UpdateContactRecordingAndAnalyticsBehavior",
        block="Set recording, analytics and processing behavior",
        category="contact",
        parameters=(
            structure("VoiceBehavior"),
            structure("ChatBehavior"),
            structure("ScreenRecordingBehavior"),
        ),
        at_most_one_of=(("VoiceBehavior", "ChatBehavior"),),
        expected_errors=(NO_MATCH,),
        other_errors=("ChannelMismatch", "InFlightRedactionConfigurationFailed"),
    ),
    ActionSpec(
        name="UpdateContactMediaProcessing",
        block="Set recording, analytics and processing behavior (message processor)",
        category="contact",
        parameters=(structure("ChatProcessor", required=True),),
        expected_errors=(NO_MATCH, "ChannelMismatch"),
    ),
    ActionSpec(
        name="UpdateContactMediaStreamingBehavior",
        block="Start / stop media streaming",
        category="contact",
        parameters=(
            static("MediaStreamingState", "Enabled", "Disabled", required=True),
            structure("Participants"),
            static("MediaStreamType", "Audio"),
        ),
        errors=(NO_MATCH,),
        chat="fails",
    ),
    ActionSpec(
        name="UpdateContactTextToSpeechVoice",
        block="Set voice",
        category="contact",
        parameters=(
            reference("TextToSpeechVoice"),
            reference("TextToSpeechEngine"),
            reference("TextToSpeechStyle"),
        ),
        other_errors=(NO_MATCH,),
        chat="ignored",
    ),
    ActionSpec(
        name="UpdateContactCallbackNumber",
        block="Set callback number",
        category="contact",
        parameters=(reference("CallbackNumber", required=True),),
        expected_errors=("InvalidCallbackNumber", "CallbackNumberNotDialable"),
        flow_types=INBOUND | TRANSFER | CUSTOMER_QUEUE | MODULE,
        chat="fails",
    ),
    ActionSpec(
        name="UpdatePreviousContactParticipantState",
        block="Hold customer or agent",
        category="contact",
        parameters=(
            static(
                "PreviousContactParticipantState",
                "AgentOnHold",
                "CustomerOnHold",
                "OffHold",
                required=True,
            ),
        ),
        errors=(NO_MATCH,),
        chat="fails",
    ),
    ActionSpec(
        name="CompleteOutboundCall",
        block="Call phone number",
        category="contact",
        parameters=(structure("CallerId"),),
        other_errors=(NO_MATCH,),
        flow_types=WHISPER,
        chat="fails",
    ),
)

#: Types that no category page lists: found on block pages or in exported flows.
UNDOCUMENTED = (
    ActionSpec(
        name="TransferParticipantToThirdParty",
        block="Transfer to phone number",
        category="undocumented",
        parameters=(
            reference("ThirdPartyPhoneNumber", required=True),
            reference("ThirdPartyConnectionTimeLimitSeconds", low=1),
            static("ContinueFlowExecution", "True", "False", "true", "false"),
            structure("CallerId"),
            reference("ThirdPartyDTMFDigits"),
        ),
        expected_errors=(NO_MATCH,),
        other_errors=("CallFailed", "ConnectionTimeLimitExceeded"),
        chat="fails",
        evidence="service-reported",
    ),
    ActionSpec(
        name="CreatePersistentContactAssociation",
        block="Create persistent contact association",
        category="undocumented",
        parameters=(
            static(
                "RehydrationType",
                "ENTIRE_PAST_SESSION",
                "FROM_SEGMENT",
                required=True,
            ),
            reference("SourceContactId", required=True),
            reference("ClientToken"),
        ),
        errors=(NO_MATCH,),
        note="Not together with PersistentChat on StartChatContact.",
    ),
    ActionSpec(
        name="AuthenticateParticipant",
        parameters_known=False,
        block="Authenticate customer",
        category="undocumented",
        expected_errors=(NO_MATCH,),
        chat="fails",
        evidence="seen",
        note="Web chat only: not supported for WhatsApp, SMS and Apple Messages.",
    ),
    ActionSpec(
        name="LoadContactContent",
        parameters_known=False,
        block="Get stored content",
        category="undocumented",
        expected_errors=(NO_MATCH,),
        evidence="seen",
    ),
    ActionSpec(
        name="RouteContactToAgent",
        parameters_known=False,
        block="Set working queue (agent by user name)",
        category="undocumented",
        expected_errors=(NO_MATCH,),
        evidence="seen",
    ),
    ActionSpec(
        name="CheckSegmentMembership",
        parameters_known=False,
        block="Customer profiles: check segment membership",
        category="undocumented",
        expected_errors=(NO_MATCH,),
        evidence="seen",
    ),
)
