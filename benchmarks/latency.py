"""How long each call would take in AWS: one fixed model, so that figures compare.

Milliseconds as in issue 4: DynamoDB 5, S3 30, SQS 10, StartChatContact 150, other Connect and
participant calls 60, SendWhatsAppMessage 120, WhatsApp media 150, transcription 1,500,
structuring 800.
"""

from sandbox.wire.calls import CallRecord

BY_SERVICE = {"dynamodb": 5, "s3": 30, "sqs": 10, "connect": 60, "connectparticipant": 60}
BY_OPERATION = {
    ("connect", "StartChatContact"): 150,
    ("socialmessaging", "SendWhatsAppMessage"): 120,
    ("socialmessaging", "GetWhatsAppMessageMedia"): 150,
    ("socialmessaging", "PostWhatsAppMessageMedia"): 150,
    # Uploads to a chat go to a presigned S3 address.
    ("http:attachments", "PUT /connect-attachments/"): 30,
    ("http:openai", "POST /v1/audio/transcriptions"): 1500,
    ("http:openai", "POST /v1"): 800,
}
# What End User Messaging asks of S3 and of the chat on its own account, inside a call of ours.
NOT_OURS = {("http:s3", "PUT presigned"), ("http:s3", "GET presigned")}


def is_ours(call: CallRecord) -> bool:
    """Whether the product made this call."""
    downloads = call.service == "http:attachments" and call.operation.startswith("GET")
    return (call.service, call.operation) not in NOT_OURS and not downloads


def milliseconds(call: CallRecord) -> int:
    """What this call takes by the model. Raises KeyError for a call the model does not know."""
    known = BY_OPERATION.get((call.service, call.operation))
    return BY_SERVICE[call.service] if known is None else known
