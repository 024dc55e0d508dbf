"""AWS End User Messaging Social (`socialmessaging`), emulated over the WhatsApp network."""

import json
import re
from typing import Any, ClassVar

from sandbox.amazon_connect.paging import page
from sandbox.whatsapp import limits
from sandbox.whatsapp.account import BusinessNumber, Template
from sandbox.whatsapp.media_store import Media, kinds_for, media_problem
from sandbox.whatsapp.network import WhatsAppNetwork
from sandbox.whatsapp.storage import Storage
from sandbox.wire import AwsError, Emulator

Params = dict[str, Any]

_API_VERSION = re.compile(r"v(\d+)\.\d+")
_OLDEST_API = 20  # AWS General Reference, End User Messaging: version 20 and later
_PAGE = 100  # model: maxResults of both lists
_WORDS = ("nextToken", "maxResults")


class SocialMessagingEmulator(Emulator):
    """`socialmessaging` for one linked account. `storage` is how it reaches S3."""

    service: ClassVar[str] = "socialmessaging"

    def __init__(self, network: WhatsAppNetwork, storage: Storage) -> None:
        self._network = network
        self._account = network.account
        self._storage = storage

    # --- messages -------------------------------------------------------------------------------

    def send_whatsapp_message(self, params: Params) -> Params:
        """Accept a message, a read receipt or a typing indicator. No idempotency token exists."""
        number = self._number(params)
        version = _API_VERSION.fullmatch(params["metaApiVersion"])
        if version is None or int(version[1]) < _OLDEST_API:
            raise AwsError("ValidationException", "metaApiVersion must be v20.0 or later")
        body = _body(params["message"])
        if "status" in body:
            return self._receipt(body)
        self._refuse_at_once(number, body)
        return {"messageId": self._network.send(number, body).message_id}

    def _receipt(self, body: Params) -> Params:
        if body["status"] != "read":
            raise AwsError("InvalidParametersException", "(#100) status must be read")
        typing = body.get("typing_indicator") is not None
        if not self._network.mark_read(str(body.get("message_id")), typing=typing):
            raise AwsError("InvalidParametersException", "(#100) unknown message_id")
        return {"messageId": self._network.ids.uuid()}

    def _refuse_at_once(self, number: BusinessNumber, body: Params) -> None:
        """A closed window, where the switch wants it refused synchronously."""
        if self._network.switches.window != "synchronous" or body.get("type") == "template":
            return
        phone = self._network.addressee(number, body)
        if phone is not None and not self._network.window_open(number, phone):
            raise AwsError("InvalidParametersException", "(#131047) Re-engagement message")

    # --- media ----------------------------------------------------------------------------------

    def get_whatsapp_message_media(self, params: Params) -> Params:
        """Write a customer's file to S3. `destinationS3File.key` is a prefix (reference 6)."""
        number = self._number(params)
        media = self._media(params, number)
        self._store(media, params)
        return {"mimeType": media.mime_type, "fileSize": len(media.body)}

    def _store(self, media: Media, params: Params) -> None:
        file, presigned = params.get("destinationS3File"), params.get("destinationS3PresignedUrl")
        if params.get("metadataOnly"):
            return
        if (file is None) == (presigned is None):
            raise AwsError("InvalidParametersException", "Give exactly one destination")
        if presigned is not None:
            self._storage.put_presigned(presigned, media.body, media.mime_type)
        elif file is not None:
            extension = limits.EXTENSIONS.get(limits.bare(media.mime_type), "")
            key = f"{file['key']}{media.id}{extension}"
            self._storage.put(file["bucketName"], key, media.body, media.mime_type)

    def post_whatsapp_message_media(self, params: Params) -> Params:
        """Upload a file from S3; type and size are checked here."""
        number = self._number(params)
        file, presigned = params.get("sourceS3File"), params.get("sourceS3PresignedUrl")
        if (file is None) == (presigned is None):
            raise AwsError("InvalidParametersException", "Give exactly one source")
        if presigned is not None:
            body, mime_type = self._storage.get_presigned(presigned)
        else:
            assert file is not None  # noqa: S101 - exactly one is given, checked above
            body, mime_type = self._storage.get(file["bucketName"], file["key"])
        _check_upload(body, mime_type)
        media = self._network.media.add(body, mime_type, number.key, uploaded=True)
        return {"mediaId": media.id}

    def delete_whatsapp_message_media(self, params: Params) -> Params:
        """Forget a file."""
        number = self._number(params)
        if not self._network.media.delete(params["mediaId"], number.key):
            raise AwsError("ResourceNotFoundException", "Media not found")
        return {"success": True}

    # --- templates ------------------------------------------------------------------------------

    def list_whatsapp_message_templates(self, params: Params) -> Params:
        """Summaries of the account's templates, in pages."""
        self._check_account(params["id"])
        summaries = [_summary(one) for one in self._account.templates]
        return page("templates", summaries, params, most=_PAGE, words=_WORDS)

    def get_whatsapp_message_template(self, params: Params) -> Params:
        """One template by Meta's id, or by name and language, as JSON text."""
        self._check_account(params["id"])
        for one in self._account.templates:
            named = (one.name, one.language) == (
                params.get("templateName"),
                params.get("templateLanguageCode", one.language),
            )
            if named or one.meta_id == params.get("metaTemplateId"):
                return {"template": _definition(one)}
        raise AwsError("ResourceNotFoundException", "Template not found")

    # --- the account ----------------------------------------------------------------------------

    def list_linked_whatsapp_business_accounts(self, params: Params) -> Params:
        """The one linked account."""
        return page("linkedAccounts", [self._account.facts()], params, most=_PAGE, words=_WORDS)

    def get_linked_whatsapp_business_account(self, params: Params) -> Params:
        """The account with its numbers and event destination."""
        self._check_account(params["id"])
        numbers = [self._account.number_facts(one) for one in self._account.numbers]
        return {"account": self._account.facts() | {"phoneNumbers": numbers}}

    def get_linked_whatsapp_business_account_phone_number(self, params: Params) -> Params:
        """One number."""
        number = self._account.find(params["id"])
        if number is None:
            raise AwsError("ResourceNotFoundException", "Phone number not found")
        return {
            "phoneNumber": self._account.number_facts(number),
            "linkedWhatsAppBusinessAccountId": self._account.eum_id,
        }

    def put_whatsapp_business_account_event_destinations(self, params: Params) -> Params:
        """Where events go; SNS FIFO topics are refused."""
        self._check_account(params["id"])
        if any(one["eventDestinationArn"].endswith(".fifo") for one in params["eventDestinations"]):
            raise AwsError("InvalidParametersException", "FIFO topics are not supported")
        self._account.destinations[:] = params["eventDestinations"]
        return {}

    # --- looking up -----------------------------------------------------------------------------

    def _number(self, params: Params) -> BusinessNumber:
        number = self._account.find(params["originationPhoneNumberId"])
        if number is None:
            raise AwsError("ResourceNotFoundException", "Phone number not found")
        return number

    def _media(self, params: Params, number: BusinessNumber) -> Media:
        media = self._network.media.find(params["mediaId"], number.key)
        if media is None:
            raise AwsError("ResourceNotFoundException", "Media not found or expired")
        return media

    def _check_account(self, id_or_arn: str) -> None:
        if not self._account.is_me(id_or_arn):
            raise AwsError("ResourceNotFoundException", "WhatsApp Business Account not found")


def _body(message: bytes) -> Params:
    """The message object. Raises AwsError for what Meta refuses in the request itself."""
    try:
        body = json.loads(message)
    except ValueError as unreadable:
        raise AwsError("InvalidParametersException", "message is not JSON") from unreadable
    if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
        raise AwsError("InvalidParametersException", "(#100) messaging_product must be whatsapp")
    if "status" not in body and not (body.get("to") or body.get("recipient")):
        raise AwsError("InvalidParametersException", "(#100) to or recipient is required")
    return body


def _check_upload(body: bytes, mime_type: str) -> None:
    kinds = kinds_for(mime_type)
    if not kinds:
        raise AwsError("InvalidParametersException", f"(#131053) {mime_type} is not supported")
    problem = media_problem(kinds[0], body, mime_type)
    if problem:
        raise AwsError("InvalidParametersException", f"(#131053) {problem}")


def _summary(template: Template) -> Params:
    return {
        "templateName": template.name,
        "metaTemplateId": template.meta_id,
        "templateStatus": template.status,
        "templateQualityScore": "GREEN",
        "templateLanguage": template.language,
        "templateCategory": template.category,
    }


def _definition(template: Template) -> str:
    definition = {
        "id": template.meta_id,
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "components": [{"type": "BODY", "text": template.text}],
    }
    return json.dumps(definition)
