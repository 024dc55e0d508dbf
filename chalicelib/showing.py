"""The effect: what a claimed bundle makes visible in Connect, part by part, and its record.

Parts go one after the other, so after a crash it suffices to count what the transcript holds
beyond our last recorded item (protocol 4.4).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.addresses import newest_reply
from chalicelib.bundles import Arrival
from chalicelib.content import Content, Contents, flow_attributes, window_attributes
from chalicelib.conversation import (
    RECENT_KEPT,
    Conversation,
    OpenChat,
    Part,
    Pending,
    Reply,
    maybe_shown_before,
    opening_token,
    part_token,
)
from chalicelib.errors import Rejected, ServiceError, Unsure
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.log import count
from chalicelib.ports.chat import Chat
from chalicelib.ports.conversations import Conversations
from chalicelib.show_part import Place, ShowPart
from chalicelib.shown_history import history_of
from chalicelib.texts import NOTICE_MARK, Texts
from chalicelib.whatsapp.window import moves_on

MAX_ALIASES = 16  # a person with more has changed numbers for years; the newest are kept
MAX_OPENINGS = 3  # a chat that ends while it is opened is replaced, but not for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One claim in hand. `remaining_s` tells how long the function may still run.

    `bodies`: what lay in the queue, by wamid, for the dead-letter copy; `arrival`: how the event
    names the customer, None when the claim is somebody else's.
    """

    conversation: Conversation
    pending: Pending
    taken_over: bool
    remaining_s: Callable[[], float]
    bodies: Mapping[str, str] = field(default_factory=dict)
    arrival: Arrival | None = None


class Showing:
    """Shows bundles to the agent. One instance serves every conversation."""

    def __init__(
        self,
        *,
        chat: Chat,
        conversations: Conversations,
        contents: Contents,
        read_media: Callable[[str], bytes],
        link: Callable[[str], str],
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
    ) -> None:
        self._chat = chat
        self._conversations = conversations
        self._contents = contents
        self._part = ShowPart(read_media=read_media, link=link, texts=texts)
        self._texts = texts
        self._clock = clock

    def ready(self) -> None:
        """Raise Throttled when nothing can be shown now, before anything is claimed for it."""
        self._chat.ready()

    def tell(self, conversation: Conversation, key: str) -> None:
        """Say a notice in the chat that is live. Raises ServiceError, ChatOver."""
        chat = LiveChat(self._chat, _known(conversation.chat), self._clock())
        text = NOTICE_MARK + self._texts(conversation.language).get(key)
        chat.send_text(text, part_token((key,), "notice", chat.chat.contact))

    def show(self, work: Work) -> None:
        """Make the bundle visible and record it.

        Raises ServiceError: retryable ones leave the claim open, Rejected asks to be parked.
        """
        self._show(work, self._contents.of(work))

    def show_parked(self, work: Work) -> None:
        """Tell the agent that a message could not be shown and lies with the operator."""
        self._show(work, self._contents.parked(work))

    def record_unshown(self, work: Work) -> None:
        """End the claim of a parked bundle whose very placeholder was refused."""
        self._record(work, None, Place(work.conversation.last, work.conversation.beyond), "parked")

    def _show(self, work: Work, content: Content) -> None:
        if work.conversation.live:
            chat = LiveChat(self._chat, _known(work.conversation.chat), self._clock())
            try:
                return self._show_live(work, content, chat)
            except ChatOver:
                # Nobody had told us; the same claim opens a new chat.
                work = _maybe_begun(work, begun=chat.wrote)
        if all(member.follows_up for member in work.pending.members):
            # The agent had the sound or a placeholder. In the next chat its own entry shows it.
            return self._conversations.drop_claim(work.conversation.key, work.pending)
        return self._show_new(work, content)

    def _show_live(self, work: Work, content: Content, chat: LiveChat) -> None:
        before = work.conversation
        shown, place = 0, Place(before.last, before.beyond)
        if _must_look(work, content):
            texts = _texts_of_ours(chat, content, place.last)
            if self._is_parked(work, content, texts[place.beyond :]):
                self._record(work, chat.chat, Place(place.last, len(texts)), "parked")
                return
            shown, place = _found(texts, content, place)
        self._tell_window(work, chat.chat.contact)
        self._finish(work, content, chat, place, shown)

    def _is_parked(self, work: Work, content: Content, texts: Sequence[str]) -> bool:
        """Whether who had this work before parked it and died before the record. Its placeholder
        is no part of the message, which an operator may send again."""
        stand_in = self._contents.parked(work).opening
        return not _stands_for_another(content) and stand_in in texts

    def _tell_window(self, work: Work, contact: str) -> None:
        """Best effort: what flows know of the window may lag, a message may not wait for it."""
        wrote_at = work.pending.wrote_at
        if not moves_on(work.conversation.wrote_at, wrote_at):
            return
        try:
            self._chat.tell_flows(contact, window_attributes(wrote_at, self._clock()))
        except ServiceError:
            count("WindowNotTold")

    def _show_new(self, work: Work, content: Content) -> None:
        marked = content if _stands_for_another(content) else content.marked(self._mark(work))
        if maybe_shown_before(work.conversation, work.pending, taken_over=work.taken_over):
            content = marked
        for _ in range(MAX_OPENINGS):
            try:
                return self._show_opened(work, content)
            except ChatOver:
                # The same token gave a chat that nobody recorded and that is over, or of no use
                # (protocol 4.4); it may have shown the message.
                work, content = self._counted(work), marked
        raise Unsure("chats end as fast as they open", service="connect")

    def _show_opened(self, work: Work, content: Content) -> None:
        work, opened = self._open(work, content)
        chat = LiveChat(self._chat, opened, self._clock())
        shown = 1 if content.opening else 0
        place = Place("", shown)
        if _must_look(work, content):
            texts = _texts_of_ours(chat, content, "")
            if self._is_parked(work, content, texts):
                self._record(work, chat.chat, Place("", len(texts)), "parked")
                return
            found, place = _found(texts, content, Place())
            shown = found if _stands_for_another(content) else max(shown, found)
        self._finish(work, content, chat, place, shown)

    def _mark(self, work: Work) -> str:
        return f"({self._texts(work.conversation.language).get('notice.repeated')})"

    def _open(self, work: Work, content: Content) -> tuple[Work, OpenChat]:
        """Open the chat of this bundle. Raises ChatOver for one that cannot be written to."""
        opened = self._start(work, content)
        if not opened.participant_token:
            self._chat.stop(opened.contact)
            raise ChatOver("a repeated StartChatContact gave no participant token")
        counted = replace(work.conversation, opened=work.conversation.opened + 1)
        return replace(work, conversation=counted), opened

    def _counted(self, work: Work) -> Work:
        """One more opening, made durable, so that the next one has a token of its own."""
        again = replace(work.conversation, opened=work.conversation.opened + 1)
        pending = replace(work.pending, repeat=True)
        self._conversations.opened_again(again.key, pending, again.opened)
        return replace(work, conversation=again, pending=pending)

    def _start(self, work: Work, content: Content) -> OpenChat:
        told = flow_attributes(work.conversation, work.pending)
        return self._chat.start(
            name=work.conversation.name,
            attributes={"conversation": work.conversation.key, **told, **content.attributes},
            initial_text=content.opening,
            token=opening_token(work.pending.wamids, work.conversation.opened),
            number=_reply(work.conversation, work.arrival).origination_id,
        )

    def _finish(
        self, work: Work, content: Content, chat: LiveChat, place: Place, shown: int
    ) -> None:
        def say(notice: str) -> None:
            chat.send_text(notice, part_token(work.pending.wamids, "notice", chat.chat.contact))

        parts = content.parts(say)
        try:
            for index, part in enumerate(parts[shown:], start=shown):
                token = part_token(
                    work.pending.wamids, f"{content.token_space}{index}", chat.chat.contact
                )
                place = self._part.show(chat, part, token, place)
                chat.wrote = True
            self._record(work, chat.chat, place, content.fate, parts)
        except Rejected:
            if not _stands_for_another(content):
                raise
            # Only the operator reads of it. The chat, and what stands in it, is on record.
            self._record(work, chat.chat, place, content.fate)

    def _record(
        self,
        work: Work,
        chat: OpenChat | None,
        place: Place,
        fate: str,
        parts: Sequence[Part] = (),
    ) -> None:
        before, pending = work.conversation, work.pending
        after = replace(
            before,
            chat=chat or before.chat,
            done=before.done.add(member.ring_entry for member in pending.members),
            last=place.last,
            beyond=place.beyond,
            wrote_at=max(before.wrote_at, pending.wrote_at),
            recent=(*before.recent, self._clock())[-RECENT_KEPT:],
            newest=_newest(before, pending),
            reply=_reply(before, work.arrival),
            aliases=_aliases(before, work.arrival),
            pending=None,
        )
        contact = after.chat.contact if after.chat else ""
        history = history_of(before, pending, work.bodies, fate=fate, contact=contact, parts=parts)
        self._conversations.record(before, pending, after, history)


def _maybe_begun(work: Work, *, begun: bool) -> Work:
    """The work once a chat was over; what it showed of it before is repeated, and marked."""
    return replace(work, pending=replace(work.pending, repeat=True)) if begun else work


def _stands_for_another(content: Content) -> bool:
    """True of a placeholder: parts of what it stands for may be there, and do not count."""
    return bool(content.token_space)


def _must_look(work: Work, content: Content) -> bool:
    """Whether the transcript may hold something of this work that is not on record."""
    return work.taken_over or _stands_for_another(content)


def _texts_of_ours(chat: LiveChat, content: Content, after: str) -> Sequence[str]:
    """What stands in the chat behind `after`. A placeholder is shown although Connect refuses the
    look: the chat that was opened for it must not stay unrecorded."""
    try:
        return chat.texts_of_ours(after)
    except Rejected:
        if not _stands_for_another(content):
            raise
        return ()


def _found(texts: Sequence[str], content: Content, place: Place) -> tuple[int, Place]:
    """How many parts stand in the transcript already, and the place behind all that is ours."""
    if _stands_for_another(content):
        shown = sum(text == content.opening for text in texts)
    else:
        shown = max(0, len(texts) - place.beyond)
    return shown, Place(place.last, max(len(texts), place.beyond))


def _newest(known: Conversation, pending: Pending) -> str:
    """The customer's last message, for receipts; what came late ("<wamid>#file") is none."""
    last = pending.members[-1]
    return known.newest if last.follows_up else last.wamid


def _reply(known: Conversation, arrival: Arrival | None) -> Reply:
    """Answers go to the newest identifiers (protocol: exactly as received)."""
    return newest_reply(known.reply, arrival.reply, moved=arrival.moved) if arrival else known.reply


def _aliases(known: Conversation, arrival: Arrival | None) -> tuple[str, ...]:
    told = arrival.keys if arrival else ()
    every = dict.fromkeys((*known.aliases, *(key for key in told if key != known.key)))
    return tuple(every)[-MAX_ALIASES:]


def _known(chat: OpenChat | None) -> OpenChat:
    assert chat is not None, "a live conversation has a chat"  # noqa: S101  (type narrowing)
    return chat
