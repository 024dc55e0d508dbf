"""Customer to agent: claim, effect, record (protocol section 4).

The claim, not the queue, is what makes one chat per customer: one person may appear under two
identifiers, and then two workers meet here.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

from chalicelib.addresses import belongs_to_another
from chalicelib.alone import Alone
from chalicelib.bundles import Arrival, Bundle
from chalicelib.conversation import (
    Conversation,
    Member,
    Pending,
    blamed,
    may_take_over,
    must_park,
    not_erased,
    taken_over,
    too_fast,
    uncertain,
    without_done,
)
from chalicelib.errors import Rejected, ServiceError, Throttled
from chalicelib.live_chat import ChatOver
from chalicelib.log import count
from chalicelib.ports.conversations import Claimed, Conversations, Erased, Existing
from chalicelib.ports.messages import Messages
from chalicelib.ports.queues import Parked, Queues
from chalicelib.showing import Showing, Work

# A round follows a pointer, creates, takes over or drops what is done: three at the most in a row.
MAX_ROUNDS = 6
ENOUGH_SECONDS = 10.0  # to show a message, once its turn has come
GONE_SECONDS = 15 * 60  # longer than any back-off of ours: what is in its queue has come by then
FINISHED_FATES = ("delivered", "placeholder")


@dataclass(frozen=True, slots=True)
class Round:
    """Where the next round claims, and for which members; no members: nothing left to do.

    `erased_before`: as far as a conversation created there knows of an erase.
    """

    key: str
    members: tuple[Member, ...] = ()
    erased_before: int = 0


class ToAgent:
    """Delivers bundles into Connect chats."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        history: Messages,
        showing: Showing,
        queues: Queues,
        clock: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self._conversations = conversations
        self._history = history
        self._showing = showing
        self._queues = queues
        self._clock = clock
        self._new_id = new_id
        self._alone = Alone()

    def deliver(self, bundle: Bundle, remaining_s: Callable[[], float]) -> None:
        """Show the bundle to the agent, or park it.

        Raises a retryable ServiceError when it must come again; nothing is lost by then.
        """
        self._showing.ready()
        following = Round(bundle.arrival.key, bundle.members)
        for _ in range(MAX_ROUNDS):
            following = self._round(following, bundle, remaining_s)
            if not following.members:
                return
        raise Throttled("the conversation is contended", service="conversation")

    def abandon(self, bundle: Bundle) -> Collection[str]:
        """Free the claim of a bundle that broke us, its attempt counted, so it parks in seconds.

        Returns the messages (`done_id`) of which nothing counts the attempts: no claim holds them
        yet, or parking them broke us, too, and the claim goes. It may hold fewer messages than
        wait by now, or be somebody else's.
        """
        found = self._conversations.load(bundle.arrival.key)
        if found is None or found.pending is None:
            return [member.done_id for member in bundle.members]
        ours = set(found.pending.members) <= set(bundle.members)
        if must_park(found.pending):
            self._conversations.drop_claim(found.key, found.pending)
            return found.pending.wamids
        if ours:
            self._conversations.release(found.key, blamed(found.pending))
        return ()

    def finish(self, conversation: Conversation, remaining_s: Callable[[], float]) -> None:
        """Finish the claim that is open on a conversation, if there is one (laws 2 and 8).

        Raises a retryable ServiceError while somebody else may be at it.
        """
        if conversation.pending is not None:
            self._finish_found(conversation, conversation.pending, {}, remaining_s)

    def _round(self, at: Round, bundle: Bundle, remaining_s: Callable[[], float]) -> Round:
        now = self._clock()
        mine = Pending(id=self._new_id(), members=at.members, since=now, claimed_at=now)
        answer = self._conversations.claim(at.key, mine)
        if isinstance(answer, Claimed):
            return self._begin(answer.conversation, mine, bundle, remaining_s)
        if answer.pointer:
            return replace(at, key=answer.pointer)
        if answer.conversation is None:
            return self._create(at, mine, bundle, remaining_s)
        if answer.conversation.pending is not None:
            self._finish_found(
                answer.conversation, answer.conversation.pending, bundle.bodies, remaining_s
            )
            return at
        found = answer.conversation
        return replace(
            at, members=self._wanted(without_done(at.members, found.done), found.erased_before)
        )

    def _begin(
        self,
        conversation: Conversation,
        mine: Pending,
        bundle: Bundle,
        remaining_s: Callable[[], float],
    ) -> Round:
        rest = self._not_in_history(conversation, mine.members)
        if rest != mine.members:
            self._conversations.drop_claim(conversation.key, mine)
            return Round(conversation.key, rest)
        if too_fast(conversation, mine.claimed_at):
            self._conversations.drop_claim(conversation.key, mine)
            self._tell_held(conversation)
            raise Throttled(
                "this customer writes faster than is shown", service="pace", code="rate_limit"
            )
        for alias in bundle.arrival.keys:
            if alias not in (conversation.key, *conversation.aliases):
                self._conversations.move(alias, conversation.key, conversation.customer)
        self._perform(
            Work(
                conversation=conversation,
                pending=mine,
                taken_over=False,
                remaining_s=remaining_s,
                bodies=bundle.bodies,
                arrival=bundle.arrival,
            )
        )
        return Round(conversation.key)

    def _tell_held(self, conversation: Conversation) -> None:
        """The agent learns once a chat why words come late (SA-67); best effort."""
        if conversation.chat is None or not conversation.live:
            return
        with suppress(ServiceError, ChatOver):
            key = f"held#{conversation.chat.contact}"
            if self._history.first_time(key, conversation.key, conversation.customer):
                self._showing.tell(conversation, "notice.held")

    def _wanted(self, members: tuple[Member, ...], erased_before: int) -> tuple[Member, ...]:
        """Without what the customer wrote before asking to be forgotten (protocol 4.8)."""
        wanted = not_erased(members, erased_before)
        if len(wanted) < len(members):
            count("ErasedMessagesDropped", len(members) - len(wanted))
        return wanted

    def _not_in_history(
        self, conversation: Conversation, members: tuple[Member, ...]
    ) -> tuple[Member, ...]:
        """The members still to be shown; only old and redriven ones cost a look (law 4)."""
        doubtful = {*uncertain(members, conversation.done), *(m for m in members if m.redrive)}
        finished = {m for m in doubtful if self._history.fate(m.wamid) in _finished(m)}
        return tuple(member for member in members if member not in finished)

    def _create(
        self, at: Round, mine: Pending, bundle: Bundle, remaining_s: Callable[[], float]
    ) -> Round:
        arrival = bundle.arrival
        new = Conversation(
            key=at.key,
            customer=self._new_id(),
            reply=arrival.reply,
            name=arrival.name,
            language=arrival.language,
            aliases=tuple(key for key in arrival.keys if key != at.key),
            erased_before=at.erased_before,
            pending=mine,
        )
        existing = self._conversations.create(new)
        if isinstance(existing, Existing) and self._is_anothers(existing.key, arrival):
            existing = self._create_apart(replace(new, aliases=()), arrival)
        if isinstance(existing, Erased):
            return Round(at.key, self._wanted(at.members, existing.before), existing.before)
        if existing:
            self._conversations.point(at.key, existing.key, existing.customer)
            return replace(at, key=existing.key)
        self._perform(
            Work(
                conversation=new,
                pending=mine,
                taken_over=False,
                remaining_s=remaining_s,
                bodies=bundle.bodies,
                arrival=bundle.arrival,
            )
        )
        return Round(at.key)

    def _create_apart(self, new: Conversation, arrival: Arrival) -> Existing | Erased | None:
        """Create it without the identifiers that lead to somebody else; they lead here now."""
        existing = self._conversations.create(new)
        for alias in arrival.keys[1:] if not existing else ():
            self._conversations.move(alias, new.key, new.customer)
        return existing

    def _is_anothers(self, key: str, arrival: Arrival) -> bool:
        """Whether a weaker identifier, e.g. a recycled number, leads to another person."""
        if not arrival.reply.recipient or arrival.moved:
            return False
        found = self._conversations.load(key)
        return found is not None and belongs_to_another(found, arrival.reply)

    def _finish_found(
        self,
        conversation: Conversation,
        found: Pending,
        bodies: Mapping[str, str],
        remaining_s: Callable[[], float],
    ) -> None:
        """Finish somebody's claim first (laws 2 and 8), with what it was claimed with."""
        if not may_take_over(found.since, self._clock()):
            raise Throttled("another worker has this conversation", service="conversation")
        # A released claim was refused by somebody else; any other one may be why its worker died.
        alone = self._alone.turn(remaining_s() - ENOUGH_SECONDS) if found.since else nullcontext()
        with alone:
            mine = taken_over(found, self._new_id(), self._clock())
            if self._conversations.take_over(conversation.key, found, mine):
                self._perform(
                    Work(
                        conversation=replace(conversation, pending=mine),
                        pending=mine,
                        taken_over=True,
                        remaining_s=remaining_s,
                        bodies=bodies,
                    )
                )

    def _perform(self, work: Work) -> None:
        try:
            self._show_or_park(work)
        except ServiceError as refused:
            given_back = 1 if refused.retryable else 0  # law 9: what is refused for good counts
            freed = replace(work.pending, attempts=work.pending.attempts - given_back)
            self._conversations.release(work.conversation.key, freed)
            raise

    def _show_or_park(self, work: Work) -> None:
        if must_park(work.pending):
            return self._park(work, "crashed three times")
        try:
            return self._showing.show(work)
        except Rejected as refused:
            return self._park(work, f"refused by {refused.service}: {refused.code}")

    def _park(self, work: Work, reason: str) -> None:
        """Dead letter first, then the placeholder, then the record (protocol 4.6).

        Who finished somebody else's claim has not the events that it can be sent again from: they
        lie in their own queue, and who gets them parks them. What has left its queue never comes.
        """
        members, bodies = work.pending.members, work.bodies
        theirs = {each.wamid: bodies[each.wamid] for each in members if each.wamid in bodies}
        if len(theirs) < len(members) and self._clock() - work.pending.claimed_at < GONE_SECONDS:
            raise Throttled("a message is parked by who has its event", service="conversation")
        self._queues.park(
            Parked(
                reason=reason,
                conversation=work.conversation.key,
                members=members,
                bodies=theirs,
            )
        )
        try:
            self._showing.show_parked(work)
        except Rejected:
            self._showing.record_unshown(work)


def _finished(member: Member) -> tuple[str, ...]:
    """Fates after which a message is not shown again; a parked one is, when redriven."""
    return FINISHED_FATES if member.redrive else (*FINISHED_FATES, "parked")
