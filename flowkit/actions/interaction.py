"""Interactions: side effects that need neither contact nor participant."""

from flowkit.actions.spec import (
    NO_MATCH,
    ActionSpec,
    reference,
    static,
    structure,
    text,
)

#: Longest InvocationTimeLimitSeconds of a synchronous call (Connect admin guide).
MAX_SYNC_LAMBDA_S = 8
#: The same of an asynchronous call (block page).
MAX_ASYNC_LAMBDA_S = 60

_PROFILE = (structure("ProfileRequestData", required=True), structure("ProfileResponseData"))

ACTIONS = (
    ActionSpec(
        name="InvokeLambdaFunction",
        block="AWS Lambda function",
        category="interaction",
        parameters=(
            reference("LambdaFunctionARN", required=True),
            static("InvocationTimeLimitSeconds", low=1, high=MAX_ASYNC_LAMBDA_S),
            static("InvocationType", "SYNCHRONOUS", "ASYNCHRONOUS"),
            structure("LambdaInvocationAttributes"),
            structure("ResponseValidation"),
        ),
        expected_errors=(NO_MATCH,),
        note="The ErrorType of the designer's Timeout branch is not published.",
    ),
    ActionSpec(
        name="CreateCallbackContact",
        block="Transfer to queue (callback)",
        category="interaction",
        parameters=(
            reference("QueueId"),
            reference("AgentId"),
            reference("ContactFlowId"),
            static("InitialCallDelaySeconds", low=0),
            static("MaximumConnectionAttempts", low=1),
            static("RetryDelaySeconds", low=0),
            static("CallbackMode"),
            structure("CallerId"),
        ),
        at_most_one_of=(("QueueId", "AgentId"),),
        errors=(NO_MATCH,),
        chat="fails",
    ),
    ActionSpec(
        name="AssociateContactToCustomerProfile",
        block="Customer profiles: associate contact",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="CreateCustomerProfile",
        block="Customer profiles: create profile",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
    ),
    ActionSpec(
        name="GetCustomerProfile",
        block="Customer profiles: get profile",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
        expected_errors=("MultipleFoundError", "NoneFoundError"),
    ),
    ActionSpec(
        name="GetCustomerProfileObject",
        block="Customer profiles: get profile object",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
        expected_errors=("NoneFoundError",),
        other_errors=("MultipleFoundError",),
    ),
    ActionSpec(
        name="GetCalculatedAttributesForCustomerProfile",
        block="Customer profiles: get calculated attributes",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
        expected_errors=("NoneFoundError",),
        other_errors=("MultipleFoundError",),
    ),
    ActionSpec(
        name="UpdateCustomerProfile",
        block="Customer profiles: update profile",
        category="interaction",
        parameters=_PROFILE,
        errors=(NO_MATCH,),
        other_errors=("NoneFoundError", "MultipleFoundError"),
    ),
)

#: Here rather than in `contact`: the designer draws it among the integrations.
TASK = ActionSpec(
    name="CreateTask",
    block="Create task",
    category="contact",
    parameters=(
        text("Name", required=True),
        reference("ContactFlowId"),
        reference("TaskTemplateId"),
        text("Description"),
        structure("Attributes"),
        structure("References"),
        reference("DelaySeconds", low=1, high=518_400),
        reference("ScheduledTime"),
    ),
    at_most_one_of=(("DelaySeconds", "ScheduledTime"),),
    errors=(NO_MATCH,),
)
