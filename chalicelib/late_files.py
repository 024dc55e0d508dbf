"""Files that WhatsApp could not give at once: fetched again later, and shown when they are there.

The agent has a placeholder since the message arrived. The file is shown under the id
"<wamid>#file".
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.bundles import Owed
from chalicelib.conversation import GIVEN_UP, Member
from chalicelib.errors import Rejected, ServiceError, Throttled
from chalicelib.follow_ups import FollowUps
from chalicelib.inbound_files import InboundFiles, late_id
from chalicelib.ports.messages import Messages, StoredFile

MAX_TRIES = 40  # with the queue's back-off more than an hour; then the customer must send it again


class LateFiles:
    """Finishes promised files."""

    def __init__(
        self,
        *,
        files: InboundFiles,
        history: Messages,
        follow_ups: FollowUps,
    ) -> None:
        self._files = files
        self._history = history
        self._follow_ups = follow_ups

    def deliver(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Fetch the file and show it. Raises a retryable ServiceError while it cannot be had."""
        file = self._history.load_file(late.wamid)
        if file is None:
            return
        member = self._member(file)  # into the bucket, whether or not a chat lives
        self._follow_ups.show(file.conversation, lambda: member, late, remaining_s)

    def give_up(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Our code breaks on this file: the agent reads that it does not come, under an id of its
        own, so that it may still be shown when an operator sends it again."""
        file = self._history.load_file(late.wamid)
        if file is not None:
            told = Member(
                wamid=late_id(f"{file.wamid}{GIVEN_UP}"), sent_at=file.sent_at, kind=file.kind
            )
            gone = self._gone(told, file)
            self._follow_ups.show(file.conversation, lambda: gone, late, remaining_s)

    def _member(self, file: StoredFile) -> Member:
        member = Member(
            wamid=late_id(file.wamid),
            sent_at=file.sent_at,
            kind=file.kind,
            filename=file.filename,
        )
        try:
            stored = self._files.fetch(file)
        except Rejected:
            return self._gone(member, file)
        except ServiceError as problem:
            if file.tries >= MAX_TRIES:
                return self._gone(member, file)
            self._history.save_file(replace(file, tries=file.tries + 1))
            raise Throttled(
                "the file is fetched again later", service="whatsapp", code=problem.code
            ) from problem
        return replace(
            member, text=self._files.arrived_text(file), media_id=file.media_id, mime=stored.mime
        )

    def _gone(self, member: Member, file: StoredFile) -> Member:
        return replace(member, text=self._files.gone_text(file), placeholder=True)
