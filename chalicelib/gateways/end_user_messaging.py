"""The door to WhatsApp through AWS End User Messaging Social.

The client has no SDK retries (`total_max_attempts=1`, wiring): SendWhatsAppMessage has no
idempotency token, so a retry inside the SDK could reach the customer twice (protocol law 7).
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalicelib.errors import Rejected
from chalicelib.gateways.aws_errors import aws
from chalicelib.ports import StoredMedia

if TYPE_CHECKING:
    from mypy_boto3_socialmessaging import EndUserMessagingSocialClient

SERVICE = "whatsapp"


class EndUserMessaging:
    """`put_url` signs an upload address for an exact key of the media bucket."""

    def __init__(
        self,
        client: "EndUserMessagingSocialClient",
        *,
        put_url: Callable[[str], str],
        bucket: str,
        meta_api_version: str,
    ) -> None:
        self._client = client
        self._put_url = put_url
        self._bucket = bucket
        self._meta_api_version = meta_api_version

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        with aws(SERVICE):
            answer = self._client.send_whatsapp_message(
                originationPhoneNumberId=origination_id,
                message=json.dumps(body, ensure_ascii=False).encode(),
                metaApiVersion=self._meta_api_version,
            )
        return answer.get("messageId", "")

    def fetch(self, origination_id: str, media_id: str, key: str) -> StoredMedia:
        # A presigned URL and not destinationS3File: there the key is only a prefix, and the
        # extension EUM appends is not returned (reference whatsapp-eum.md, section 6).
        with aws(SERVICE):
            answer = self._client.get_whatsapp_message_media(
                mediaId=media_id,
                originationPhoneNumberId=origination_id,
                destinationS3PresignedUrl={"url": self._put_url(key), "headers": {}},
            )
        return StoredMedia(key=key, mime=answer.get("mimeType", ""), size=answer.get("fileSize", 0))

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        with aws(SERVICE):
            answer = self._client.post_whatsapp_message_media(
                originationPhoneNumberId=origination_id,
                sourceS3PresignedUrl={"url": url, "headers": {"Content-Type": content_type}},
            )
        return _media_id(answer)

    def upload_stored(self, origination_id: str, key: str) -> str:
        with aws(SERVICE):
            answer = self._client.post_whatsapp_message_media(
                originationPhoneNumberId=origination_id,
                sourceS3File={"bucketName": self._bucket, "key": key},
            )
        return _media_id(answer)

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        self.send(origination_id, body)


def _media_id(answer: Mapping[str, object]) -> str:
    media_id = str(answer.get("mediaId", ""))
    if not media_id:
        raise Rejected("the upload gave no media id", service=SERVICE, code="no_media_id")
    return media_id
