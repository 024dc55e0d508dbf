"""Names found in hand-made flows that are not in the language, and what to write instead.

Most are labels of designer blocks or names of the pre-2021 export format.
"""

#: Wrong name -> the real type or types, in the order they are to be used.
INVENTED: dict[str, tuple[str, ...]] = {
    "PlayPrompt": ("MessageParticipant",),
    "PlayMessage": ("MessageParticipant",),
    "SendMessage": ("MessageParticipant",),
    "Message": ("MessageParticipant",),
    "LoopPrompts": ("MessageParticipantIteratively",),
    "SetContactAttributes": ("UpdateContactAttributes",),
    "SetAttributes": ("UpdateContactAttributes",),
    "CheckAttribute": ("Compare",),
    "CheckAttributes": ("Compare",),
    "CheckContactAttributes": ("Compare",),
    "CheckCondition": ("Compare",),
    "Branch": ("Compare",),
    "TransferToQueue": ("UpdateContactTargetQueue", "TransferContactToQueue"),
    "SetQueue": ("UpdateContactTargetQueue",),
    "SetWorkingQueue": ("UpdateContactTargetQueue",),
    "Disconnect": ("DisconnectParticipant",),
    "DisconnectContact": ("DisconnectParticipant",),
    "HangUp": ("DisconnectParticipant",),
    "End": ("DisconnectParticipant",),
    "EndFlow": ("EndFlowExecution",),
    "SetLoggingBehavior": ("UpdateFlowLoggingBehavior",),
    "SetRecordingBehavior": ("UpdateContactRecordingBehavior",),
    "StoreCustomerInput": ("GetParticipantInput",),
    "StoreUserInput": ("GetParticipantInput",),
    "GetCustomerInput": ("GetParticipantInput", "ConnectParticipantWithLexBot"),
    "GetUserInput": ("GetParticipantInput", "ConnectParticipantWithLexBot"),
    "GetDigits": ("GetParticipantInput",),
    "SetVoice": ("UpdateContactTextToSpeechVoice",),
    "InvokeAWSLambdaFunction": ("InvokeLambdaFunction",),
    "InvokeExternalResource": ("InvokeLambdaFunction",),
    "InvokeLambda": ("InvokeLambdaFunction",),
    "CheckHours": ("CheckHoursOfOperation",),
    "CheckStaffing": ("CheckMetricData",),
    "CheckQueueStatus": ("CheckMetricData",),
    "GetQueueMetrics": ("GetMetricData",),
    "SetCallbackNumber": ("UpdateContactCallbackNumber",),
    "StartMediaStreaming": ("UpdateContactMediaStreamingBehavior",),
    "StopMediaStreaming": ("UpdateContactMediaStreamingBehavior",),
    "TransferContactToFlow": ("TransferToFlow",),
    "TransferFlow": ("TransferToFlow",),
    "InvokeModule": ("InvokeFlowModule",),
    "SetEventFlow": ("UpdateContactEventHooks",),
    "SetDisconnectFlow": ("UpdateContactEventHooks",),
    "SetEventHook": ("UpdateContactEventHooks",),
    "Start": (),
    "EntryPoint": (),
}

#: Names the developer guide prints and the live service refuses.
MISPRINTED: dict[str, str] = {
    "UnTagContact": "UntagContact",
    "UpdateRoutingCriteria": "UpdateContactRoutingCriteria",
}
