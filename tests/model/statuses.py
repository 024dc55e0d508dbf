"""Delivery statuses over the model: what WhatsApp says of our sends, and when it reaches us.

The product's own handling of statuses and of second sends runs beside its sending worker. A status
comes between any two calls of that worker, before the send has answered, before or after `T`,
twice, out of order, or never; its own worker may die over it as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.contact import Callback, read_callback
from chalicelib.deliveries import Deliveries
from chalicelib.errors import ServiceError
from chalicelib.outbound_entries import Resend, read_outbound
from chalicelib.ports.messages import SavedStatus, StatusUpdate
from chalicelib.routing import Entry
from chalicelib.send_again import SendAgain
from chalicelib.whatsapp import statuses
from chalicelib.whatsapp.messages import DeliveryStatus, WhatsAppError
from tests.model.outbound import VISIBILITY, WAIT_SECONDS, FakeTellAgent, OutboundModel
from tests.model.surroundings import (
    FIVE_MINUTES,
    FakeChat,
    FakeContacts,
    FakeHistory,
    FakeWhatsApp,
    Killed,
    Surroundings,
)

FINE = ("sent", "delivered", "read")
REFUSED = ("sent", "failed")
PAIR_RATE, NOBODY_THERE = 131056, 131026
MOMENTS = ("soon", "at once", "within T", "at the decision", "after all", "never", "twice")


@dataclass(frozen=True)
class News:
    """One status on its way to us. `of`: the callback data of the send."""

    of: Callback
    status: str
    code: int = 0

    def read(self) -> DeliveryStatus:
        errors = (WhatsAppError(code=self.code),) if self.status == "failed" else ()
        return DeliveryStatus(
            wamid=f"wamid {self.of}", status=self.status, callback_data=str(self.of), errors=errors
        )


class StatusHistory(FakeHistory):
    """Message items with their statuses; conditions as the table's."""

    def __init__(self, world: Surroundings, model: "StatusModel") -> None:
        super().__init__(world)
        self._model = model

    def status_of(self, record: str) -> tuple[str, int]:
        known = super().status_of(record)
        if not self._model.busy_elsewhere:  # it is the sending worker who asks
            self._model.decides(record)
        return known

    def save_status(self, update: StatusUpdate) -> SavedStatus:
        return self.world.call("save status", lambda: self._save(update))

    def _save(self, update: StatusUpdate) -> SavedStatus:
        known = self.world.statuses.get(update.record)
        news = known is None or statuses.supersedes(
            known.status, known.attempt, update.status, update.attempt
        )
        if news:
            self.world.statuses[update.record] = update
        line = self.world.history.get(update.record)
        role, contact = (line.role, line.contact) if line else ("", "")
        return SavedStatus(news, role, contact, self.world.sends.get(update.record, 1))

    def sends(self, record: str) -> int:
        return self.world.call("sends", lambda: self.world.sends.get(record, 1))

    def sent_body(self, record: str) -> str:
        line = self.world.call("sent body", lambda: self.world.history.get(record))
        return line.body if line else ""

    def first_time(self, key: str, conversation: str, customer: str) -> bool:
        def noted() -> bool:
            first = key not in self.world.noted
            self.world.noted.add(key)
            return first

        return self.world.call("first time", noted)

    def claim_resend(self, record: str, attempt: int) -> bool:
        def claimed() -> bool:
            if record not in self.world.history or self.world.resent.get(record, 0) >= attempt:
                return False
            self.world.resent[record] = attempt
            return True

        return self.world.call("claim resend", claimed)

    def free_resend(self, record: str, attempt: int) -> None:
        self.world.call("free resend", lambda: self.world.resent.update({record: attempt - 1}))


class TellingWhatsApp(FakeWhatsApp):
    """Takes every message and says later what became of it."""

    def __init__(self, world: Surroundings, model: "StatusModel") -> None:
        super().__init__(world)
        self._model = model

    def send(self, origination_id: str, body: dict) -> str:
        def taken() -> str:
            self.world.sent.append(dict(body))
            self._model.accepted(read_callback(body["biz_opaque_callback_data"]))
            return f"wamid.out{len(self.world.sent)}"

        return self.world.call("send whatsapp", taken)


class ReceiptChat(FakeChat):
    def receipt(self, chat: object, kind: str, message_id: str) -> None:
        self.world.call("receipt", lambda: self.world.receipts.append((kind, message_id)))


@dataclass
class StatusTellAgent(FakeTellAgent):
    """A notice is said once for its cause, as its token has it."""

    undeliverable: set[tuple[object, ...]] = field(default_factory=set)
    uncertain: set[tuple[object, ...]] = field(default_factory=set)

    def say(self, item, key: str, *cause: object, **values: object) -> bool:
        if key == "outbound.uncertain":
            self.uncertain.add(cause)
        return super().say(item, key, *cause, **values)

    def undelivered(self, item, about: str, key: str, *cause: object, **values: object) -> bool:
        self.undeliverable.add(cause)
        return True

    def window_closed(self, item) -> None:
        pass


@dataclass
class StatusModel(OutboundModel):
    """`oddities`: how many statuses, or sends with all of theirs, may be told of at another moment
    than soon; `refusals`: how many sends may fail afterwards, with `code`; `phone_off`: nothing
    is delivered yet."""

    oddities: int = 0
    refusals: int = 0
    code: int = NOBODY_THERE
    phone_off: bool = False
    back_off: int = 40  # comes back once before T, and once after it
    agent: StatusTellAgent = field(default_factory=StatusTellAgent)

    def __post_init__(self) -> None:
        self.busy_elsewhere = False
        self.soon: list[News] = []
        self.later: list[News] = []
        self.deciding: list[News] = []
        self.last: list[News] = []
        self.handled: list[News] = []
        self.decided: dict[str, int] = {}
        self.proven: set[str] = set()
        self.accepted_sends: list[tuple[Callback, int]] = []
        self.forbidden = ""
        self.second_sends: list[Resend] = []
        self.dedups: dict[str, int] = {}
        super().__post_init__()
        self.world.between = self._between

    def history(self) -> StatusHistory:
        return StatusHistory(self.world, self)

    def whatsapp(self) -> TellingWhatsApp:
        return TellingWhatsApp(self.world, self)

    def worker(self):
        history, contacts = self.history(), FakeContacts(self.world)
        self.resender = SendAgain(
            contacts=contacts,
            history=history,
            whatsapp=self.whatsapp(),
            outbox=self,
            tell_agent=self.agent,
            unsure_wait_s=WAIT_SECONDS,
            clock=self.world.clock,
        )
        self.deliveries = Deliveries(
            history=history,
            contacts=contacts,
            chat=ReceiptChat(self.world),
            tell_agent=self.agent,
            again=self.resender,
            receipts="read",
            clock=self.world.clock,
        )
        return super().worker()

    # --- what WhatsApp does ---------------------------------------------------------------------

    def accepted(self, of: Callback) -> None:
        """A send reached WhatsApp."""
        if of.attempt > 1 and of.record in self.proven and of.attempt > self._resent(of.record):
            self.forbidden = f"O2 sent again though a status had come: {of}"
        self.accepted_sends.append((of, self.world.now))
        refused = self.refusals > 0 and self.chooser.choose(2)
        self.refusals -= bool(refused)
        every = [News(of, status, self.code) for status in self._fate(refused)]
        moment = self._moment()
        for news in every:
            self._on_its_way(news, self._moment() if moment == "soon" else moment)

    def _fate(self, refused: int | bool) -> tuple[str, ...]:
        return REFUSED if refused else FINE[:1] if self.phone_off else FINE

    def _moment(self) -> str:
        moment = MOMENTS[self.chooser.choose(len(MOMENTS) if self.oddities else 1)]
        self.oddities -= moment != "soon"
        return moment

    def _resent(self, record: str) -> int:
        return self.world.resent.get(record, 0)

    def _on_its_way(self, news: News, moment: str) -> None:
        if moment == "at once":
            self._reaches_us(news)
        if moment in ("soon", "twice"):
            self.soon.append(news)
        if moment == "within T":
            self.later.append(news)
        if moment == "at the decision":
            self.deciding.append(news)
        if moment in ("after all", "twice"):
            self.last.append(news)

    def decides(self, record: str) -> None:
        """The sending worker has looked for a proof of what it sent before."""
        self.decided[record] = len(self.handled)
        if any(news.of.record == record for news in self.handled):
            self.proven.add(record)

    def _between(self) -> None:
        """A status that comes when the sending worker has just looked for it."""
        waiting = [news for news in self.deciding if news.of.record in self.decided]
        if waiting and not self.busy_elsewhere and self.chooser.choose(2):
            self.deciding.remove(waiting[0])
            self._reaches_us(waiting[0])

    def _reaches_us(self, news: News) -> None:
        outer, self.busy_elsewhere = self.busy_elsewhere, True
        try:
            self.deliveries.store(news.read())
            self.handled.append(news)
            self.world.trace.append(f"<{news.status} {news.of.attempt}>")
        except (Killed, ServiceError):
            self.soon.append(news)
        finally:
            self.busy_elsewhere = outer

    # --- the course of things -------------------------------------------------------------------

    def send(self, entries: Sequence[Entry]) -> None:
        """Our own queue, for second sends: drops a deduplication id for five minutes."""
        self.world.call("queue", lambda: [self._queued(entry) for entry in entries])

    def _queued(self, entry: Entry) -> None:
        if self.world.now - self.dedups.get(entry.dedup, -FIVE_MINUTES) < FIVE_MINUTES:
            return
        self.dedups[entry.dedup] = self.world.now
        self.second_sends.append(read_outbound(entry.body))

    def run(self) -> None:
        super().run()
        self._everything_comes()

    def _everything_comes(self) -> None:
        """What is still on its way when the agent's words are done, however late."""
        for _ in range(40):
            self._second_sends()
            self._statuses_come()
            if self.soon or self.later or self.second_sends:
                continue
            if not (self.deciding or self.last):
                return
            self.world.now += VISIBILITY
            self.soon, self.deciding, self.last = [*self.deciding, *self.last], [], []
        raise AssertionError(f"statuses never end: {self.world.trace}")

    def _statuses_come(self) -> None:
        arriving, self.soon, self.later = self.soon, self.later, []
        if len(arriving) > 1 and self.oddities and self.chooser.choose(2):
            self.oddities -= 1
            arriving.reverse()
        for news in arriving:
            self._reaches_us(news)

    def _second_sends(self) -> None:
        due, self.second_sends = self.second_sends, []
        for each in due:
            self.world.now = max(self.world.now, each.due)
            self.busy_elsewhere = True
            try:
                self.resender.send(each.callback, each.due, each.unless_proven)
            except Killed:
                self.world.now += VISIBILITY
                self.second_sends.append(each)
            except ServiceError:
                self.world.now += self.back_off
                self.second_sends.append(each)
            finally:
                self.busy_elsewhere = False

    # --- the promises ---------------------------------------------------------------------------

    def broken(self) -> str:
        return (
            self.forbidden
            or self._lost_or_too_often()
            or self._wrong_end()
            or self._not_counted()
            or self._agent_misled()
        )

    def _lost_or_too_often(self) -> str:
        sends = [of for of, _ in self.accepted_sends]
        for text in self.expected():
            record = "out#{}#{}".format(*text.split("."))
            own = [of for of in sends if of.record == record]
            if not own and text.split(".")[0] not in self.world.parked:
                return f"O1 lost: {text}"
            if len({of.attempt for of in own}) < len(own):
                return f"O2 one attempt twice: {text}"
            if len(own) > 1 + self.faults + self._resent(record):
                return f"O2 more than once per uncertain attempt: {text}"
        return ""

    def _wrong_end(self) -> str:
        for record in {of.record for of, _ in self.accepted_sends}:
            expected, known = self._truth(record), self.world.statuses.get(record)
            if known and known.status == "accepted" and self._untold(record, known.attempt):
                continue
            if (known.status if known else "") != expected:
                return f"S1 {record} is {known and known.status}, not {expected}"
        return ""

    def _untold(self, record: str, attempt: int) -> bool:
        """WhatsApp took this send, a further one, and has told no more of it, or of a later one."""
        taken = any((of.record, of.attempt) == (record, attempt) for of, _ in self.accepted_sends)
        told = any(news.of.record == record and news.of.attempt >= attempt for news in self.handled)
        return taken and not told

    def _truth(self, record: str) -> str:
        """The customer has it as soon as one send arrived; else what the last one came to."""
        told = [news for news in self.handled if news.of.record == record]
        arrived = [news.status for news in told if news.status in statuses.REACHED]
        if arrived:
            return max(arrived, key=statuses.rank)
        told = [news for news in told if news.status != "failed" or not self._superseded(news)]
        last = max((news.of.attempt for news in told), default=0)
        own = [news.status for news in told if news.of.attempt == last]
        return max(own, key=statuses.rank, default="")

    def _superseded(self, news: News) -> bool:
        """Sent again since by the worker, which waited in vain for this."""
        return news.of.attempt < self.world.sends.get(news.of.record, 1)

    def _not_counted(self) -> str:
        """Two sends arrived, and we were told of the first when the second was under way."""
        for record in {of.record for of, _ in self.accepted_sends}:
            own = [of.attempt for of, _ in self.accepted_sends if of.record == record]
            last = max(own)
            refused = {news.of for news in self.handled if news.status == "failed"}
            late = [
                news
                for news in self.handled[self.decided.get(record, 0) :]
                if news.of.record == record
                and news.of.attempt < last
                and news.status != "failed"
                and news.of not in refused
            ]
            unsure = last > self._resent(record) and len(own) > 1
            if unsure and late and f"{record}#twice" not in self.world.noted:
                return f"O2 a double is not counted: {record}"
        return ""

    def _agent_misled(self) -> str:
        for record in {of.record for of, _ in self.accepted_sends}:
            _, event, part = record.split("#")
            cause = (event, int(part))
            failed = [news.of.attempt for news in self.handled if news.status == "failed"]
            if cause in self.agent.undeliverable and not failed:
                return f"S2 the agent reads of a failure that was none: {record}"
            last = max(of.attempt for of, _ in self.accepted_sends if of.record == record)
            if self._truth(record) != "failed" or last not in failed:
                continue
            if cause not in self.agent.undeliverable | self.agent.uncertain:
                return f"S2 the agent does not read that it failed: {record}"
        return ""
