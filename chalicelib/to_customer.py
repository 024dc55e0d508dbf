"""Agent to customer: claim, send part by part, record (protocol section 5).

SendWhatsAppMessage cannot be repeated safely, so before part p+1 is sent "next part = p+1" is
durable, and a part whose answer was lost waits for a status to prove it.
"""

from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

from chalicelib.alone import Alone
from chalicelib.connect_events import ChatEvent
from chalicelib.contact import (
    Callback,
    ContactItem,
    OutboundPending,
    free,
    judge_unsure,
    next_part,
    record_key,
    resumed,
    sending_again,
)
from chalicelib.conversation import MAX_ATTEMPTS, Member
from chalicelib.errors import (
    ContentError,
    OutOfTurn,
    PuenteError,
    Rejected,
    ServiceError,
    Throttled,
    Unsure,
    WindowClosed,
)
from chalicelib.introductions import Introductions
from chalicelib.log import count
from chalicelib.outbound_replies import OutboundReplies, Refused
from chalicelib.parts_sent import parts_sent
from chalicelib.ports.chat import Chat
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.conversations import Conversations
from chalicelib.ports.messages import Messages
from chalicelib.ports.queues import Parked, Queues
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.sending import Sending
from chalicelib.sent_history import SENT
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp.window import surely_closed

# Longer than any back-off of ours: a message that is still in its queue has come again by then.
GIVE_UP_SECONDS = 15 * 60
TURN_SECONDS = 5.0
MAX_ROUNDS = 5  # introduce, take over and one lost race each cost a round


class ToCustomer:
    """Forwards what agents, flows and bots say to WhatsApp."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        conversations: Conversations,
        history: Messages,
        chat: Chat,
        whatsapp: WhatsApp,
        replies: OutboundReplies,
        tell_agent: TellAgent,
        queues: Queues,
        clock: Callable[[], int],
        new_id: Callable[[], str],
        unsure_wait_s: int,
    ) -> None:
        self._contacts = contacts
        self._conversations = conversations
        self._history = history
        self._whatsapp = whatsapp
        self._replies = replies
        self._tell_agent = tell_agent
        self._queues = queues
        self._clock = clock
        self._new_id = new_id
        self._unsure_wait_s = unsure_wait_s
        self._alone = Alone()
        self._introductions = Introductions(
            contacts=contacts, conversations=conversations, chat=chat, clock=clock
        )

    def forward(self, event: ChatEvent, body: str = "", others: Collection[str] = ()) -> None:
        """Send the event's message to the customer, once.

        `body`: what lay in the queue, kept when the message must be parked; `others`: events that
        wait behind this one in the same batch. Raises OutOfTurn when one of those was begun
        before, another retryable ServiceError when this one must come again.
        """
        for _ in range(MAX_ROUNDS):
            if self._round(event, body, others):
                return
        raise Throttled("the contact is contended", service="contact")

    def end(self, event: ChatEvent) -> None:
        """Note that the chat is over, so that the next message opens a new one at once."""
        self._introductions.end(event)

    def _round(self, event: ChatEvent, body: str, others: Collection[str]) -> bool:
        """One try to claim; True when the event is finished."""
        contact, now = event.initial_contact_id, self._clock()
        mine = OutboundPending(
            id=self._new_id(), event=event.id, sent_at=int(event.at.timestamp()), since=now
        )
        item = self._contacts.claim(contact, mine)
        if item is None:
            return self._introductions.of(event) is None
        if mine.ring_entry in item.done:
            return True
        found = item.pending
        if found is None:
            return False
        if found.id == mine.id:
            return self._begin(item, mine, event, body)
        if not free(found, now):
            raise Throttled("another worker has this contact", service="contact")
        if found.event != event.id:
            if found.event in others:
                raise OutOfTurn(
                    "another event of this contact goes first", service="contact", code=found.event
                )
            return self._give_up_on(item, found)
        again = resumed(found, mine.id, now)
        with self._alone.turn(TURN_SECONDS) if found.since else nullcontext():
            if not self._contacts.take_over(contact, found, again):
                return False
            first = parts_sent(self._history, event.id)
            self._perform(Sending(item, event, again, unsure=found.since > 0, first=first), body)
            return True

    def _begin(self, item: ContactItem, mine: OutboundPending, event: ChatEvent, body: str) -> bool:
        first = parts_sent(self._history, event.id)
        if item.done.may_have_forgotten(mine.ring_entry) and self._history.fate(
            record_key(event.id, first)
        ):
            self._contacts.record(item, mine, [], {})
            return True
        sending = Sending(item, event, mine, first=first)
        if first:
            self._progress(sending, replace(mine, next=first))
        self._perform(sending, body)
        return True

    def _give_up_on(self, item: ContactItem, found: OutboundPending) -> bool:
        """Law 8: a claim whose message left the queue must not block its successors for ever.

        Nobody can see from here whether it left: for a while its successors wait for it, and then
        the claim is dropped without calling it done, so that it is sent if it does come again.
        """
        if self._clock() - max(found.since, found.sent_at) < GIVE_UP_SECONDS:
            raise Throttled("waiting for the message before", service="contact")
        self._tell_agent.say(item, "outbound.uncertain", found.event)
        self._contacts.drop_claim(item.chat.contact, found)
        return False

    def _perform(self, sending: Sending, body: str) -> None:
        try:
            self._send_or_park(sending, body)
        except ServiceError as refused:
            if refused.retryable:
                self._hand_back(sending)
            raise
        self._introductions.stop_stray(sending.item, sending.event)

    def _send_or_park(self, sending: Sending, body: str) -> None:
        if sending.pending.attempts > MAX_ATTEMPTS:
            return self._park(sending, body, "crashed three times")
        try:
            return self._send(sending)
        except (Rejected, ContentError) as refused:
            return self._not_sent(sending, body, refused)

    def _send(self, sending: Sending) -> None:
        if sending.unsure:
            self._settle_unsure(sending)
        if (
            sending.pending.next == sending.first
        ):  # what has begun goes on; WhatsApp itself has the last word
            self._check_window(sending)
        rendered = self._replies.rendered(sending.item, sending.event)
        for file in rendered.beside:
            self._tell_refused(sending, file)
        sending.bodies = rendered.bodies()
        self._send_parts(sending)
        self._tell_doubt(sending)
        self._record(sending, SENT)

    def _tell_refused(self, sending: Sending, file: Refused) -> None:
        """The agent reads which file does not go before the others of its event do."""
        event, problem = sending.event, file.problem
        self._tell_agent.undelivered(
            sending.item, file.names, problem.tell_agent, event.id, file.names, **problem.values
        )

    def _hand_back(self, sending: Sending) -> None:
        """Free the claim: what a service refuses for now counts no attempt (law 9)."""
        pending = sending.pending
        since = pending.since if sending.unsure else 0
        freed = replace(pending, since=since, attempts=pending.attempts - 1)
        self._contacts.progress(sending.item.chat.contact, freed)

    def _check_window(self, sending: Sending) -> None:
        """Raise WindowClosed when the customer service window is over.

        The contact item knows the message that opened the chat; only when that one is a day old
        is the conversation asked for a later one.
        """
        now, item = self._clock(), sending.item
        if not surely_closed(item.wrote_at, now) or not self._replies.needs_window(sending.event):
            return
        conversation = self._conversations.load(item.conversation)
        if conversation is None or surely_closed(conversation.wrote_at, now):
            count("WindowClosed")
            raise WindowClosed(
                "the customer service window is closed",
                service="whatsapp",
                code="window_closed",
                tell_agent="problem.window_closed",
            )

    def _settle_unsure(self, sending: Sending) -> None:
        """Find out about the part that may have been sent before a crash or a lost answer."""
        pending, now = sending.pending, self._clock()
        key = record_key(sending.event.id, pending.next)
        _, proven_attempt = self._history.status_of(key)
        verdict = judge_unsure(pending, proven_attempt, now, self._unsure_wait_s)
        if verdict == "wait":
            raise Throttled("waiting for a status to prove the send", service="whatsapp")
        again = sending_again(pending, now)
        # A status that comes before this write is a proof, one that comes after it a double.
        if verdict == "proven" or not self._history.sent_again(key, again.attempt):
            # A worker before us may have sent it again and died, or got no answer.
            sending.again = pending.attempt > 1
            self._tell_doubt(sending)
            self._progress(sending, next_part(pending, now))
            sending.unsure = False
            return
        self._progress(sending, again)
        sending.again = True

    def _tell_doubt(self, sending: Sending) -> None:
        """The agent reads that the customer may have it twice; the history keeps it in any case."""
        if not sending.again:
            return
        sending.again = False
        count("OutboundSentUnsure")
        with suppress(ServiceError):
            self._say(sending, "outbound.doubled")

    def _progress(self, sending: Sending, now_at: OutboundPending) -> None:
        self._contacts.progress(sending.item.chat.contact, now_at)
        sending.pending = now_at

    def _send_parts(self, sending: Sending) -> None:
        item, event, bodies = sending.item, sending.event, sending.bodies
        for index in range(sending.pending.next, len(bodies)):
            callback = Callback(item.chat.contact, event.id, index, sending.pending.attempt)
            body = {**bodies[index], "biz_opaque_callback_data": str(callback)}
            sending.sent[callback.record] = self._sent(sending, body)
            if index + 1 < len(bodies):
                self._progress(sending, next_part(sending.pending, self._clock()))
                sending.unsure = False

    def _sent(self, sending: Sending, body: dict[str, Any]) -> str:
        """Send one part. It is unsure from now on, unless it was surely refused; of a repeated
        send, the one before is as unsure as it was."""
        was_unsure, sending.unsure = sending.unsure, True
        try:
            return self._whatsapp.send(sending.item.reply.origination_id, body)
        except ServiceError as refused:
            sending.unsure = was_unsure or isinstance(refused, Unsure)
            raise

    def _record(self, sending: Sending, fate: str, code: str = "") -> None:
        history = sending.history(fate, code)
        self._contacts.record(sending.item, sending.pending, history, sending.sent)

    def _not_sent(self, sending: Sending, body: str, refused: PuenteError) -> None:
        """The agent reads at once what was not sent, why, and what to do.

        When nobody is there to read it, or the chat refuses the very notice, an operator does.
        """
        if isinstance(refused, WindowClosed):
            self._tell_agent.window_closed(sending.item)
        if self._told(sending, refused):
            return self._record(sending, "not_sent", code=refused.code)
        reason = f"not sent ({refused.code}), and the agent could not be told"
        self._put_aside(sending, body, reason)
        return self._record(sending, "parked", code=refused.code)

    def _told(self, sending: Sending, refused: PuenteError) -> bool:
        item, event = sending.item, sending.event
        words, in_part = sending.unsent
        tell = self._tell_agent.undelivered_from if in_part else self._tell_agent.undelivered
        try:
            return tell(item, words, refused.tell_agent, event.id, **refused.values)
        except Rejected:
            return False

    def _park(self, sending: Sending, body: str, reason: str) -> None:
        self._put_aside(sending, body, reason)
        self._say(sending, "outbound.parked")
        self._record(sending, "parked")

    def _say(self, sending: Sending, key: str) -> None:
        self._tell_agent.say(sending.item, key, sending.event.id, about=sending.words)

    def _put_aside(self, sending: Sending, body: str, reason: str) -> None:
        name, at, whose = sending.event.id, sending.pending.sent_at, sending.item.conversation
        members = [Member(wamid=name, sent_at=at, received_at=at, kind="outbound")]
        letter = Parked(reason=reason, conversation=whose, members=members, bodies={name: body})
        self._queues.park(letter)
