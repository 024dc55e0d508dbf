"""Amazon Connect's numbers, each with its source.

"model" is botocore 1.44.5 (`connect`, `connectparticipant`), "quotas" the administrator guide's
page on service limits, "features" its page on feature limits.
"""

ATTRIBUTES_BYTES = 32_768  # model, StartChatContact.Attributes: UTF-8 bytes over all pairs
CONTENT_BYTES = 16_384  # model, SendMessage.Content, every content type
CHAT_DURATION_MIN = 25 * 60  # model, StartChatContact.ChatDurationInMinutes, default 25 h
CONNECT_WITHIN_S = 300  # model, StartChatContact: connect the participant within 5 minutes
CONNECTION_TOKEN_S = 24 * 3600  # model, CreateParticipantConnection: 1 day
WEBSOCKET_URL_S = 100  # model, CreateParticipantConnection
STREAMING_TOPICS = 2  # administrator guide, chat message streaming: topics per contact
CUSTOM_BOTS = 1  # quotas: custom participants per contact
TRANSFERS = 11  # model, TransferContact: a contact cannot be transferred more often
TAGS = 6  # model, TagContact

TRANSCRIPT_PAGE = 10  # model, GetTranscript.MaxResults, default

ATTACHMENT_BYTES = 20 * 1024 * 1024  # features: chat attachments
ATTACHMENTS = 35  # features: attachments per conversation
ATTACHMENT_URL_S = 900  # believed: how long an upload address lives
DOWNLOAD_URL_S = 300  # model, GetAttachment.UrlExpiryInSeconds, the largest and default
# administrator guide, enable-attachments: default for chat; .wav is the only audio
_DOCUMENTS = ("csv", "doc", "docx", "pdf", "ppt", "pptx", "rtf", "txt", "xls", "xlsx")
_MEDIA = ("heic", "jfif", "jpeg", "jpg", "mov", "mp4", "png", "wav")
ATTACHMENT_EXTENSIONS = frozenset({*_DOCUMENTS, *_MEDIA})

FLOW_CHARACTERS = 256_000  # model, CreateContactFlowModule.Content
FLOW_ACTIONS = 250  # flow language: actions per flow
FLOWS = 100  # quotas: flows per instance
MODULES = 200  # quotas: modules per instance
LAMBDAS = 50  # quotas: Lambda functions per instance
CONCURRENT_CHATS = 500  # quotas: concurrent active chats per instance
CHATS_PER_AGENT = 10  # features: active chats per agent

MESSAGE_TYPES = frozenset(  # model, StartChatContact.SupportedMessagingContentTypes
    {
        "text/plain",
        "text/markdown",
        "application/json",
        "application/vnd.amazonaws.connect.message.interactive",
        "application/vnd.amazonaws.connect.message.interactive.response",
    }
)

# quotas: requests per second and burst, account and Region wide
CONNECT_RATES: dict[str, tuple[float, float]] = {
    "StartChatContact": (5, 8),
    "StartContactStreaming": (5, 8),
    "StopContactStreaming": (5, 8),
    "CreateParticipant": (5, 8),
    "GetContactAttributes": (10, 15),
    "UpdateContactAttributes": (10, 15),
    "DescribeContact": (10, 15),
    "StopContact": (10, 15),
    "UpdateContact": (10, 15),
    "TagContact": (20, 25),
}
CONNECT_DEFAULT_RATE = (2.0, 5.0)
# quotas: per instance; SendMessage and SendEvent share one allowance
PARTICIPANT_RATES: dict[str, tuple[float, float]] = {
    "SendMessage": (10, 15),
    "SendEvent": (10, 15),
    "CreateParticipantConnection": (6, 9),
    "GetTranscript": (8, 12),
    "GetAttachment": (8, 12),
    "StartAttachmentUpload": (2, 5),
    "CompleteAttachmentUpload": (2, 5),
    "DisconnectParticipant": (3, 5),
}
PARTICIPANT_DEFAULT_RATE = (2.0, 5.0)  # believed, as Connect's default
