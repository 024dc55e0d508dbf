"""Chat attachments: the three steps of an upload, and downloads, over plain HTTP addresses.

`files` is mounted on the loopback server; its addresses carry a signature and a time limit as a
pre-signed S3 address does.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from sandbox.amazon_connect import limits, rules
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.records import Attachment, Chat, Item, Participant, iso
from sandbox.wire import AwsError, HttpRequest, HttpResponse

PREFIX = "/connect-attachments/"


class Attachments:
    """All attachments of an instance. `base_url` is the loopback server's, without a slash."""

    def __init__(self, chats: Chats, base_url: str = "http://127.0.0.1:0") -> None:
        self._chats = chats
        self.base_url = base_url
        self._known: dict[str, Attachment] = {}
        self._downloads: dict[str, tuple[Attachment, datetime]] = {}

    # --- the participant API's side --------------------------------------------------------------

    def begin(
        self, chat: Chat, owner: Participant, *, name: str, content_type: str, size: int
    ) -> Attachment:
        """Accept the announcement of a file. Raises AwsError."""
        problem = rules.attachment_problem(name, size)
        if problem:
            raise AwsError("ValidationException", problem)
        if len(chat.attachments) >= limits.ATTACHMENTS:
            raise AwsError("ServiceQuotaExceededException", "Too many attachments in this chat")
        attachment = Attachment(
            id=self._chats.ids.uuid(),
            name=name,
            content_type=content_type,
            size=size,
            owner=owner,
            upload_until=self._chats.clock.now() + timedelta(seconds=limits.ATTACHMENT_URL_S),
        )
        chat.attachments.append(attachment)
        self._known[attachment.id] = attachment
        return attachment

    def upload_metadata(self, attachment: Attachment) -> dict[str, object]:
        """Where and with which headers the file is to be put."""
        return {
            "Url": f"{self.base_url}{PREFIX}upload/{attachment.id}",
            "UrlExpiry": iso(attachment.upload_until),
            "HeadersToInclude": _headers(attachment),
        }

    def complete(self, chat: Chat, owner: Participant, attachment_id: str) -> Item:
        """Check what was uploaded and show it in the chat. Raises AwsError."""
        attachment = self.of_chat(chat, attachment_id)
        if attachment.owner is not owner:
            raise AwsError("AccessDeniedException", "Access denied")
        if attachment.status != "UPLOADING":
            raise AwsError("ConflictException", "The attachment is complete already")
        if attachment.body is None:
            raise AwsError("ConflictException", "The attachment has not been uploaded")
        if len(attachment.body) != attachment.size:
            raise AwsError("ValidationException", "The file has another size than announced")
        self._chats.judge(attachment)
        return self._chats.attach(chat, owner, attachment)

    def of_chat(self, chat: Chat, attachment_id: str) -> Attachment:
        """Raises ValidationException for an id of no attachment of this chat."""
        for attachment in chat.attachments:
            if attachment.id == attachment_id:
                return attachment
        raise AwsError("ValidationException", "No such attachment in this chat")

    def download_url(self, attachment: Attachment, expires_s: int) -> tuple[str, str]:
        """(address, its end) for a completed file."""
        until = self._chats.clock.now() + timedelta(seconds=expires_s)
        signature = self._chats.ids.hex(40)
        self._downloads[signature] = (attachment, until)
        return f"{self.base_url}{PREFIX}download/{signature}", iso(until)

    # --- the server's side ----------------------------------------------------------------------

    def files(self, request: HttpRequest) -> HttpResponse:
        """Answer an upload (PUT) or download (GET) as S3 would."""
        kind, _, key = request.path.removeprefix(PREFIX).partition("/")
        if kind == "upload" and request.method == "PUT":
            return self._upload(key, request)
        if kind == "download" and request.method == "GET":
            return self._download(key)
        return _refusal(405, "MethodNotAllowed")

    def _upload(self, key: str, request: HttpRequest) -> HttpResponse:
        attachment = self._known.get(key)
        if attachment is None:
            return _refusal(404, "NoSuchKey")
        if self._chats.clock.now() >= attachment.upload_until:
            return _refusal(403, "AccessDenied")
        expected = _headers(attachment)
        if any(request.headers.get(name.lower()) != one for name, one in expected.items()):
            return _refusal(403, "SignatureDoesNotMatch")
        attachment.body = request.body
        return HttpResponse()

    def _download(self, signature: str) -> HttpResponse:
        attachment, until = self._downloads.get(signature, (None, None))
        if attachment is None or until is None or self._chats.clock.now() >= until:
            return _refusal(403, "AccessDenied")
        headers = {"content-type": attachment.content_type}
        return HttpResponse(headers=headers, body=attachment.body or b"")


def _headers(attachment: Attachment) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
        "Content-Type": attachment.content_type,
        "Content-Length": str(attachment.size),
        "x-amz-acl": "bucket-owner-full-control",
    }


def _refusal(status: int, code: str) -> HttpResponse:
    body = f"<Error><Code>{code}</Code></Error>".encode()
    return HttpResponse(
        status=status, headers={"content-type": "application/xml"}, body=body, error=code
    )
