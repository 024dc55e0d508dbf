"""The door to WhatsApp through AWS End User Messaging Social.

The client has no SDK retries (`total_max_attempts=1`, wiring_doors): SendWhatsAppMessage has no
idempotency token, so a retry inside the SDK could reach the customer twice (protocol law 7).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.errors import Rejected, ServiceError, Throttled, WindowClosed
from chalicelib.gateways.aws_errors import aws
from chalicelib.ports.whatsapp import StoredMedia
from chalicelib.whatsapp.failures import FailureClass, failure_of

if TYPE_CHECKING:
    from mypy_boto3_socialmessaging import EndUserMessagingSocialClient

SERVICE = "whatsapp"
# Meta writes its code in front of its sentence, e.g. "(#131047) Re-engagement message".
META_CODE = re.compile(r"\(#(\d{1,6})\)")
# What Meta says of rates in the answer itself did not happen and may be tried again.
KINDS: dict[FailureClass, type[ServiceError]] = {
    "window_closed": WindowClosed,
    "slow_down": Throttled,
}
REFUSED_MESSAGE, REFUSED_FILE = 100, 131053  # Meta's codes for what it refuses without a code


class EndUserMessaging:
    """`files` gives the client that waits longer, for files; `put_url` signs an upload address for
    an exact key of the media bucket."""

    def __init__(
        self,
        client: "EndUserMessagingSocialClient",
        *,
        files: Callable[[], "EndUserMessagingSocialClient"],
        put_url: Callable[[str], str],
        bucket: str,
        meta_api_version: str,
    ) -> None:
        self._client = client
        self._files = files
        self._put_url = put_url
        self._bucket = bucket
        self._meta_api_version = meta_api_version

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        with _refused_as(REFUSED_MESSAGE):
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
            answer = self._files().get_whatsapp_message_media(
                mediaId=media_id,
                originationPhoneNumberId=origination_id,
                destinationS3PresignedUrl={"url": self._put_url(key), "headers": {}},
            )
        return StoredMedia(key=key, mime=answer.get("mimeType", ""), size=answer.get("fileSize", 0))

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        with _refused_as(REFUSED_FILE):
            answer = self._files().post_whatsapp_message_media(
                originationPhoneNumberId=origination_id,
                sourceS3PresignedUrl={"url": url, "headers": {"Content-Type": content_type}},
            )
        return _media_id(answer)

    def upload_stored(self, origination_id: str, key: str) -> str:
        with _refused_as(REFUSED_FILE):
            answer = self._files().post_whatsapp_message_media(
                originationPhoneNumberId=origination_id,
                sourceS3File={"bucketName": self._bucket, "key": key},
            )
        return _media_id(answer)

    def template_statuses(self, account_id: str) -> dict[tuple[str, str], str]:
        """Status of every template of the account, e.g. APPROVED, by name and language."""
        pages = self._client.get_paginator("list_whatsapp_message_templates").paginate(
            id=account_id
        )
        with aws(SERVICE):
            return {
                (each.get("templateName", ""), each.get("templateLanguage", "")): each.get(
                    "templateStatus", ""
                )
                for page in pages
                for each in page["templates"]
            }

    def numbers(self) -> list[str]:
        """Meta's ids of every business number that is linked to this AWS account."""
        with aws(SERVICE):
            pages = self._client.get_paginator("list_linked_whatsapp_business_accounts").paginate()
            accounts = [each["id"] for page in pages for each in page["linkedAccounts"]]
            linked = [self._client.get_linked_whatsapp_business_account(id=one) for one in accounts]
        return [
            number["metaPhoneNumberId"]
            for answer in linked
            for number in answer["account"]["phoneNumbers"]
        ]

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        self.send(origination_id, body)


@contextmanager
def _refused_as(code: int) -> Iterator[None]:
    """As `aws`; a refusal tells the agent what Meta's code means, `code` where there is none."""
    try:
        with aws(SERVICE):
            yield
    except Rejected as refused:
        found = META_CODE.search(str(refused.__cause__))
        failure = failure_of(int(found[1]) if found else code)
        kind = KINDS.get(failure.kind, Rejected)
        raise kind(
            str(refused), service=SERVICE, code=refused.code, tell_agent=failure.text_key
        ) from refused


def _media_id(answer: Mapping[str, object]) -> str:
    media_id = str(answer.get("mediaId", ""))
    if not media_id:
        raise Rejected("the upload gave no media id", service=SERVICE, code="no_media_id")
    return media_id


def linked_number(client: "EndUserMessagingSocialClient", number: str) -> str:
    """Meta's id of a business number by End User Messaging's. Raises Rejected when it is gone."""
    with aws(SERVICE):
        found = client.get_linked_whatsapp_business_account_phone_number(id=number)
    return found["phoneNumber"]["metaPhoneNumberId"]
