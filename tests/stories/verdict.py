"""How a story ended: what the desks, the phone, the history and the queues show of it, held against
the reference. What no program can do better is marked, told or with the operator (protocol 2, 8).
"""

import re
from contextlib import contextmanager

from chalicelib.contact import read_callback
from chalicelib.gateways.items import MessageItem
from sandbox.faults import Action
from tests.crash import promises
from tests.stories import screens


class Verdict:
    """What a `Story` says of itself when it has come to rest: problems, in words."""

    def problems(self):
        return [*self._nothing_is_left(), *self._desks(), *self._phone(), *self._without_a_fate()]

    def _nothing_is_left(self):
        yield from (f"still queued: {name}" for name in self.stage.left_in_queues())
        yield from (f"a claim is left: {key}" for key in self.stage.claims())
        live = [self._line_of(chat).name for chat in self._live()]
        # A chat whose placeholder's record was refused for good twice is on no record: it is
        # left to its flow, and to its end.
        if len(set(live)) < len(live) and self.trouble.count(Action.VALIDATION) <= 2:
            yield f"two live chats: {live}"
        for chat in self.stage.chats():
            stopped = chat.is_over and chat.current.disconnect_reason == "API"
            # Whose record is refused for good is found by its attribute, and stopped (4.4).
            if stopped and Action.VALIDATION not in self.trouble:
                yield "Puente stopped a chat"

    def _desks(self):
        for line in self.lines:
            yield from self._desk_of(
                line, [chat for chat in self.stage.chats() if self._line_of(chat) is line]
            )

    def _desk_of(self, line, chats):
        views = [screens.desk(chat) for chat in chats]
        for view in views:
            yield from (f"shown twice in a chat: {w}" for w in self._twice(line, view))
            told = {one.words for one in view if one.late or one.again}
            overtaken = line.customer.overtaken([one.words for one in view])
            yield from (
                f"{words} stands after {later} and does not say so"
                for words, later in overtaken.items()
                if words not in told and words.split()[0] not in ("card", "sound")
            )
        every = [one.words for view in views for one in view]
        firsts = [one.words for view in views for one in view if not one.again]
        yield from (
            f"shown again, unmarked: {words}"
            for words in line.customer.twice(firsts)
            if not self._was_redriven(words)
        )
        yield from (f"nobody wrote: {words}" for words in line.customer.invented(every))
        yield from self._lost(line, line.customer.missing(every), chats)

    def _twice(self, line, view):
        """A message of two parts of which the second was refused for good is redriven whole."""
        words = [one.words for one in view]
        return [each for each in line.customer.twice(words) if not self._was_redriven(each)]

    def _was_redriven(self, words):
        kind = {"card": "'voice", "sound": "'voice", "photo": "'image", "document": "'document"}
        return _named(kind.get(words.split()[0], words), self.redriven)

    def _lost(self, line, missing, chats):
        letters = self.stage.dead_letters() if self.trouble else []
        files = [words for words in missing if not words.startswith("text")]
        yield from (
            f"lost: {words}"
            for words in missing
            if words not in files and not _named(words, letters)
        )
        # One line stands for a voice note and its card.
        alone = [w for w in files if w.replace("card", "sound") not in files or "card" not in w]
        if files and (not self.trouble or len(alone) > screens.stand_ins(chats)):
            yield f"lost: {files}"

    def _phone(self):
        for line in self.lines:
            bubbles = [one for one in self.phone.screen if one.message.number is line.number]
            seen = screens.phone(bubbles)
            ours = [words for words in seen if words in line.agent.wrote]
            twice = line.agent.twice(ours)
            yield from (
                f"sent twice: {words[:40]}"
                for words in twice
                if not (self._went_on(words, twice) or self._may_be_twice(bubbles, words))
            )
            firsts = list(dict.fromkeys(ours))
            yield from (
                f"{words[:40]} reached the phone after {later[:40]}"
                for words, later in line.agent.overtaken(firsts, self.slack_s).items()
                if not self._told(words)
            )
            yield from (
                f"lost on the way to the phone: {words[:40]}"
                for words in line.agent.missing(seen)
                if not self._told(words)
            )

    def _went_on(self, words, twice):
        """An operator sent it again, from the part on that may or may not have been sent."""
        whole = self.whole.get(words, words)
        parts = [each for each in twice if self.whole.get(each, each) == whole]
        return parts == [words] and _named(_start(whole), self.redriven)

    def _may_be_twice(self, bubbles, words):
        """Promise O2: numbered, T apart, in the history."""
        sends = [
            (read_callback(one.body["biz_opaque_callback_data"]), one.message.at)
            for one, seen in zip(bubbles, screens.phone(bubbles), strict=True)
            if seen == words
        ]
        in_doubt = self.trouble or self.statuses != {"soon"}
        return bool(in_doubt) and not promises.not_as_promised(self.stage, sends)

    def _told(self, words):
        """The agent reads that it was not sent, or an operator has it; not without a reason."""
        ends = any(chat.is_over for chat in self.stage.chats())
        if not (self.trouble or self.refused or self.days or ends or self.statuses != {"soon"}):
            return False
        notices = screens.notices(self.stage.chats())
        told = [*notices, *self.stage.dead_letters(), *self.redriven]
        names = (_start(words), _start(self.whole.get(words, words)))  # a part's, or the answer's
        if any(_named(name, [*told, *self._untold()]) for name in names):
            return True
        onwards = [text for text in notices if "Not delivered from" in text]
        return any(_named(_start(part), onwards) for part in self._parts_before(words))

    def _parts_before(self, words):
        """Of the same answer, as it was cut."""
        parts = [part for part, answer in self.whole.items() if answer == self.whole.get(words)]
        return parts[: parts.index(words)] if words in parts else []

    def _untold(self):
        """What WhatsApp accepted and did not deliver: its status never came, or nobody was there
        any more to read of it."""
        live = {chat.id for chat in self._live()}
        for one in filter(self._ours, self.world.network.sent):
            callback = read_callback(one.body["biz_opaque_callback_data"])
            if not one.statuses or ("failed" in one.statuses and callback.contact not in live):
                yield one.body

    def _without_a_fate(self):
        """Every message that WhatsApp took has a status at the end, if WhatsApp told one."""
        ours = list(filter(self._ours, self.world.network.sent))
        callbacks = [read_callback(one.body["biz_opaque_callback_data"]) for one in ours]
        sends = {callback.record: callback.attempt for callback in callbacks}  # the last one stays
        for one, callback in zip(ours, callbacks, strict=True):
            # That a send failed which was made again says nothing of the message.
            if "failed" in one.statuses and callback.attempt < sends[callback.record]:
                continue
            item = self.world.app.db.get(MessageItem, callback.record)
            ended = item is not None and (item.status or item.fate in ("parked", "not_sent"))
            if one.statuses and not ended:
                yield f"no status of {one.body}"

    # --- whose it is ------------------------------------------------------------------------

    def _line_of(self, chat):
        """The number that the customer wrote to, as the product understood it."""
        if chat.id not in self.line_of:
            with self._undisturbed():
                known = self.world.app.conversations.load(chat.attributes["conversation"])
            numbers = [line.number.eum_id for line in self.lines]
            self.line_of[chat.id] = self.lines[numbers.index(known.reply.origination_id)]
        return self.line_of[chat.id]

    def _ours(self, sent):
        callback = read_callback(sent.body.get("biz_opaque_callback_data"))
        return callback and callback.contact in {chat.id for chat in self.stage.chats()}

    @contextmanager
    def _undisturbed(self):
        """What the test itself asks meets no trouble."""
        self.world.router.faults.disarm()
        yield
        self.world.router.faults.arm()

    def seen(self):
        yield f"the story: {'; '.join(self.told)}"
        for chat in self.stage.chats():
            over = chat.current.disconnect_reason or "live"
            yield f"a chat ({over}): {[_told_of(one) for one in screens.desk(chat)]}"
        yield f"notices: {screens.notices(self.stage.chats())}"
        yield f"the phone: {[words[:30] for words in screens.phone(self.phone.screen)]}"
        yield f"with the operator: {[one.get('reason') for one in self.stage.dead_letters()]}"


def _start(words):
    return " ".join(words.split(" ", 2)[:2])


def _named(words, texts):
    """Whether one of the texts, or things, speaks of these words."""
    return any(re.search(rf"{re.escape(words)}\b", str(text)) for text in texts)


def _told_of(one):
    return one.words + " (again)" * one.again + " (late)" * one.late
