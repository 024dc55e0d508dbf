"""Files that WhatsApp could not give at once: fetched again later, and shown when they are there.

The agent has a placeholder since the message arrived. The file is a claim of its own, under the
id "<wamid>#file", so it is shown once like any message.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.bundles import Owed, follow_up
from chalicelib.conversation import GIVEN_UP, Member
from chalicelib.errors import Rejected, ServiceError, Throttled
from chalicelib.inbound_files import InboundFiles, late_id
from chalicelib.ports.conversations import Conversations
from chalicelib.ports.messages import Messages, StoredFile
from chalicelib.to_agent import ToAgent

MAX_TRIES = 40  # with the queue's back-off more than an hour; then the customer must send it again


class LateFiles:
    """Finishes promised files."""

    def __init__(
        self,
        *,
        files: InboundFiles,
        history: Messages,
        conversations: Conversations,
        to_agent: ToAgent,
    ) -> None:
        self._files = files
        self._history = history
        self._conversations = conversations
        self._to_agent = to_agent

    def deliver(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Fetch the file and show it. Raises a retryable ServiceError while it cannot be had."""
        file = self._history.load_file(late.wamid)
        if file is None:
            return
        self._show(file, self._member(file), late, remaining_s)

    def give_up(self, late: Owed, remaining_s: Callable[[], float]) -> None:
        """Our code breaks on this file: the agent reads that it does not come, under an id of its
        own, so that it may still be shown when an operator sends it again."""
        file = self._history.load_file(late.wamid)
        if file is not None:
            told = Member(
                wamid=late_id(f"{file.wamid}{GIVEN_UP}"), sent_at=file.sent_at, kind=file.kind
            )
            self._show(file, self._gone(told, file), late, remaining_s)

    def _show(
        self, file: StoredFile, member: Member, late: Owed, remaining_s: Callable[[], float]
    ) -> None:
        conversation = self._conversations.load(file.conversation)
        # A chat that is over gets no new contact for a late file: it lies in the bucket, and the
        # history leads to it.
        if conversation is not None and conversation.live:
            shown = replace(member, redrive=late.again)
            self._to_agent.deliver(follow_up(conversation, shown, late.receipt), remaining_s)

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
