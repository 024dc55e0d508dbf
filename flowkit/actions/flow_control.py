"""Flow control actions: they choose the path and have no other effect."""

from flowkit.actions.spec import (
    CUSTOMER_QUEUE,
    EQUALS,
    HOLD,
    INBOUND,
    MODULE,
    NO_CONDITION,
    NO_MATCH,
    NUMBER_OPERATORS,
    OPERATORS,
    TRANSFER,
    WHISPER,
    ActionSpec,
    Conditions,
    reference,
    static,
    structure,
)

#: Longest wait the Wait block takes: seven days, the longest chat.
MAX_WAIT_S = 604_800
#: Largest LoopCount of the Loop block.
MAX_LOOP_COUNT = 100

_ROUTED = INBOUND | TRANSFER | CUSTOMER_QUEUE | MODULE
_QUEUE_OR_AGENT = (reference("QueueId"), reference("AgentId"))
_QUEUE_OR_AGENT_NAMES = (("QueueId", "AgentId"),)

#: The metrics CheckMetricData compares, as the service names them.
METRIC_TYPES = (
    "NumberOfAgentsAvailable",
    "NumberOfAgentsStaffed",
    "NumberOfAgentsOnline",
    "OldestContactInQueueAgeSeconds",
    "NumberOfContactsInQueue",
)

ACTIONS = (
    ActionSpec(
        name="CheckHoursOfOperation",
        block="Check hours of operation",
        category="flow control",
        parameters=(reference("HoursOfOperationId"),),
        conditions=Conditions(operands=("True", "False"), required=("True", "False")),
        errors=(NO_MATCH,),
        flow_types=_ROUTED,
    ),
    ActionSpec(
        name="CheckMetricData",
        block="Check staffing / Check queue status",
        category="flow control",
        parameters=(static("MetricType", *METRIC_TYPES, required=True), *_QUEUE_OR_AGENT),
        at_most_one_of=_QUEUE_OR_AGENT_NAMES,
        conditions=Conditions(operators=NUMBER_OPERATORS | EQUALS),
        errors=(NO_MATCH,),
        expected_errors=(NO_CONDITION,),
        flow_types=_ROUTED,
    ),
    ActionSpec(
        name="CheckOutboundCallStatus",
        block="Check call progress",
        category="flow control",
        conditions=Conditions(),
        expected_errors=(NO_MATCH,),
        other_errors=(NO_CONDITION,),
        chat="fails",
    ),
    ActionSpec(
        name="CheckVoiceId",
        block="Check Voice ID",
        category="flow control",
        parameters=(static("CheckVoiceIdOption", required=True),),
        conditions=Conditions(),
        expected_errors=(NO_MATCH,),
        other_errors=(NO_CONDITION,),
        chat="fails",
    ),
    ActionSpec(
        name="Compare",
        block="Check contact attributes",
        category="flow control",
        parameters=(reference("ComparisonValue", required=True),),
        conditions=Conditions(operators=OPERATORS),
        errors=(NO_CONDITION,),
        other_errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="DistributeByPercentage",
        block="Distribute by percentage",
        category="flow control",
        conditions=Conditions(operators=frozenset({"NumberLessThan"})),
        errors=(NO_CONDITION,),
        flow_types=_ROUTED,
    ),
    ActionSpec(
        name="EndFlowExecution",
        block="End flow / Resume",
        category="flow control",
        terminal=True,
        flow_types=CUSTOMER_QUEUE | WHISPER | HOLD,
        note="In hold flows service-reported only.",
    ),
    ActionSpec(
        name="GetMetricData",
        block="Get queue metrics",
        category="flow control",
        parameters=(*_QUEUE_OR_AGENT, static("QueueChannel", "Voice", "Chat", "Task", "Email")),
        at_most_one_of=_QUEUE_OR_AGENT_NAMES,
        errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="Loop",
        block="Loop",
        category="flow control",
        parameters=(reference("LoopCount", required=True, low=0, high=MAX_LOOP_COUNT),),
        conditions=Conditions(
            operands=("ContinueLooping", "DoneLooping"),
            required=("ContinueLooping", "DoneLooping"),
        ),
        other_errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="StartVoiceIdStream",
        block="Set Voice ID",
        category="flow control",
        expected_errors=(NO_MATCH,),
        chat="fails",
    ),
    ActionSpec(
        name="TransferToFlow",
        block="Transfer to flow",
        category="flow control",
        parameters=(reference("ContactFlowId", required=True),),
        errors=(NO_MATCH,),
        flow_types=INBOUND | TRANSFER | MODULE,
    ),
    ActionSpec(
        name="UpdateFlowAttributes",
        block="Set contact attributes (flow)",
        category="flow control",
        parameters=(structure("FlowAttributes", required=True),),
        errors=(NO_MATCH,),
        evidence="service-reported",
    ),
    ActionSpec(
        name="UpdateFlowLoggingBehavior",
        block="Set logging behavior",
        category="flow control",
        parameters=(static("FlowLoggingBehavior", "Enabled", "Disabled", required=True),),
        other_errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="UpdateContactRoutingCriteria",
        block="Set routing criteria",
        category="flow control",
        parameters=(structure("RoutingCriteria", required=True),),
        errors=(NO_MATCH,),
        evidence="service-reported",
        note="The developer guide calls it UpdateRoutingCriteria, which the service refuses.",
    ),
    ActionSpec(
        name="Wait",
        block="Wait",
        category="flow control",
        parameters=(
            reference("TimeLimitSeconds", low=1, high=MAX_WAIT_S),
            structure("Events"),
            static("ContinueExecution", "True", "False"),
            reference("MinimumWaitTimeSeconds", low=1, high=MAX_WAIT_S),
        ),
        conditions=Conditions(
            operands=(
                "WaitCompleted",
                "CustomerReturned",
                "BotParticipantDisconnected",
                "Continue",
            ),
            required=("WaitCompleted",),
        ),
        errors=(NO_MATCH,),
        other_errors=("ParticipantNotFound",),
        evidence="service-reported",
        note="The developer guide calls the limit TimeoutSeconds, which the service refuses.",
    ),
)
