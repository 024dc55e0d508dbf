"""Builds the use cases and entry points from the settings; the doors are in `wiring_doors.py`.

Imports stand where something is built: one zip serves every function, and each pays at its start
only for what it does (`python -m benchmarks start`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING

from chalicelib.settings import Settings
from chalicelib.wiring_doors import Doors

if TYPE_CHECKING:
    from chalicelib.ask_again import AskAgain
    from chalicelib.batches import Record
    from chalicelib.bundles import Bundle
    from chalicelib.customer_notices import CustomerNotices
    from chalicelib.entries import Ingest, Worker
    from chalicelib.flow_voice_notes import FlowVoiceNotes
    from chalicelib.inbound_files import InboundFiles
    from chalicelib.inline import Inline, Work
    from chalicelib.readiness import Dependencies
    from chalicelib.receive import Receive
    from chalicelib.routing import QueueName
    from chalicelib.send_template import SendTemplate
    from chalicelib.showing import Showing
    from chalicelib.tell_agent import TellAgent
    from chalicelib.texts import Texts
    from chalicelib.to_agent import ToAgent
    from chalicelib.to_customer import ToCustomer
    from chalicelib.voice_content import VoiceContents
    from chalicelib.voice_notes import VoiceNotes
    from chalicelib.webhook_entry import WebhookEntry


@cache
def texts_of(language: str) -> "Texts":
    """The texts of one language."""
    from chalicelib.texts import Texts

    return Texts(language)


class App(Doors):
    """The product, wired."""

    def agent_texts(self, _customer_language: str) -> "Texts":
        """Agents read their own language, whatever the customer speaks."""
        return texts_of(self.settings.agent_language)

    def customer_texts(self, language: str) -> "Texts":
        """Customers read theirs, where we know it."""
        return texts_of(language or self.settings.default_language)

    # --- use cases -----------------------------------------------------------------------

    @cached_property
    def to_agent(self) -> "ToAgent":
        from chalicelib.to_agent import ToAgent

        return ToAgent(
            conversations=self.conversations,
            history=self.history,
            showing=self.showing,
            queues=self.queues,
            clock=self.clock,
            new_id=self.new_id,
        )

    @cached_property
    def showing(self) -> "Showing":
        from chalicelib.content import Contents
        from chalicelib.showing import Showing

        return Showing(
            chat=self.chat,
            conversations=self.conversations,
            contents=Contents(
                files=lambda *args: self.inbound_files.of(*args),  # noqa: PLW0108  (built late)
                voice=lambda *args: self.voice_contents.of(*args),  # noqa: PLW0108  (built late)
                texts=self.agent_texts,
                late_after_s=self.settings.late_notice_seconds,
            ),
            read_media=lambda key: self.media.read(key),  # noqa: PLW0108  (built late)
            link=lambda key: self.media.link(key),  # noqa: PLW0108  (built late)
            texts=self.agent_texts,
            clock=self.clock,
        )

    @cached_property
    def voice_notes(self) -> "VoiceNotes":
        from chalicelib.breaker import Breaker
        from chalicelib.gateways import audio
        from chalicelib.voice_notes import VoiceNotes

        return VoiceNotes(
            notes=self.history,
            whatsapp=self.whatsapp,
            media=self.media,
            ai=self.ai,
            audio=audio,
            clock=self.clock,
            breaker=Breaker("ai", self._now),
        )

    @cached_property
    def voice_contents(self) -> "VoiceContents":
        from chalicelib.voice_content import VoiceContents

        return VoiceContents(
            notes=self.voice_notes,
            queues=self.queues,
            files=lambda: self.inbound_files,
            language=self.settings.agent_language,
        )

    @cached_property
    def flow_voice_notes(self) -> "FlowVoiceNotes":
        from chalicelib.flow_voice_notes import FlowVoiceNotes

        return FlowVoiceNotes(self.voice_notes, lambda key: self.media.link(key))  # noqa: PLW0108

    @cached_property
    def inbound_files(self) -> "InboundFiles":
        from chalicelib import wiring_whatsapp as forms

        return forms.inbound_files(self)

    @cached_property
    def send_template(self) -> "SendTemplate":
        from chalicelib import wiring_whatsapp as forms

        return forms.send_template(self)

    @cached_property
    def tell_agent(self) -> "TellAgent":
        from chalicelib.tell_agent import TellAgent

        return TellAgent(
            chat=self.chat,
            contacts=self.contacts,
            conversations=self.conversations,
            texts=self.agent_texts,
            clock=self.clock,
        )

    @cached_property
    def to_customer(self) -> "ToCustomer":
        from chalicelib import wiring_whatsapp as forms
        from chalicelib.to_customer import ToCustomer

        return ToCustomer(
            contacts=self.contacts,
            conversations=self.conversations,
            history=self.history,
            chat=self.chat,
            whatsapp=self.whatsapp,
            replies=forms.outbound_replies(self),
            tell_agent=self.tell_agent,
            queues=self.queues,
            clock=self.clock,
            new_id=self.new_id,
            unsure_wait_s=self.settings.unsure_wait_seconds,
        )

    # --- entry points --------------------------------------------------------------------

    @cached_property
    def receive(self) -> "Receive":
        from chalicelib.identities import Identities
        from chalicelib.receive import Receive

        return Receive(
            history=self.history,
            identities=Identities(self.conversations),
            texts=texts_of(self.settings.agent_language),
            origination_id=self.settings.whatsapp_phone_number_id,
            by_meta_id=self.settings.whatsapp_provider == "cloud_api",
            languages=dict(self.settings.languages_by_number),
        )

    @cached_property
    def dependencies(self) -> "Dependencies":
        from chalicelib import wiring_readiness

        return wiring_readiness.dependencies(self)

    @cached_property
    def webhook(self) -> "WebhookEntry":
        from chalicelib.webhook_entry import WebhookEntry

        return WebhookEntry(
            ingest=self.ingest,
            verify_token=self.secret(self.settings.whatsapp_webhook_verify_token),
            app_secret=self.secret(self.settings.whatsapp_app_secret),
        )

    @cached_property
    def ingest(self) -> "Ingest":
        from chalicelib.entries import Ingest

        outlet = self.inline if self.settings.run_mode == "inline" else self.queues
        return Ingest(outlet, agent_reads=self.settings.read_receipts == "on_agent")

    @cached_property
    def inline(self) -> "Inline":
        from chalicelib.inline import Inline

        works: dict[QueueName, Work] = {
            "inbound": self.inbound.work,
            "outbound": self.outbound.work,
        }
        return Inline(self.queues, works, self._now)

    def emptied(self, queue: str) -> Callable[[], None] | None:
        """Who wants to know that the queue of this address is empty, if anybody."""
        of: dict[str, QueueName] = {
            self.settings.inbound_queue_url: "inbound",
            self.settings.outbound_queue_url: "outbound",
        }
        if self.settings.run_mode != "inline" or queue not in of:
            return None
        return lambda: self.inline.empty(of[queue])

    @cached_property
    def ask_again(self) -> "AskAgain":
        from chalicelib.ask_again import AskAgain

        return AskAgain(history=self.history, whatsapp=self.whatsapp, texts=self.customer_texts)

    @cached_property
    def customer_notices(self) -> "CustomerNotices":
        from chalicelib.customer_notices import CustomerNotices

        return CustomerNotices(
            whatsapp=lambda: self.whatsapp,
            ask_again=lambda: self.ask_again,
            on_delivery=self.settings.read_receipts == "on_delivery",
            show_typing=self.settings.typing_indicator,
        )

    @cached_property
    def inbound(self) -> "Worker":
        from chalicelib import objective
        from chalicelib.entries import InboundWork, Worker

        notices = self.customer_notices

        def deliver(bundle: "Bundle", remaining_s: Callable[[], float]) -> None:
            notices.begun(bundle)
            self.to_agent.deliver(bundle, remaining_s)
            objective.count_inbound(bundle.members, self.clock())

        work = InboundWork(
            queues=self.queues,
            arrive=lambda it: self.receive.entry(it.message_id, it.body, it.queued_at),
            deliver=deliver,
            abandon=self.to_agent.abandon,
            shown=notices.shown,
            erase=self._erase,
        )
        return Worker("inbound", self.queues, work)

    def _erase(self, record: "Record", remaining_s: Callable[[], float]) -> bool:
        """Built when the first customer asks to be forgotten."""
        from chalicelib import erasure

        if not erasure.is_command(record.body):
            return False
        from chalicelib import wiring_erase

        return wiring_erase.erase(self).handle(record.body, record.queued_at, remaining_s)

    @cached_property
    def outbound(self) -> "Worker":
        from chalicelib import wiring_whatsapp as forms
        from chalicelib.entries import Worker

        return Worker("outbound", self.queues, forms.outbound_work(self))

    @cached_property
    def late_cards(self) -> "Worker":
        from chalicelib import wiring_late
        from chalicelib.entries import Worker

        return Worker("voice_notes", self.queues, wiring_late.late_work(self))


_current: list[App] = []


def current() -> App:
    """The App of this process, built from the environment at the first use."""
    if not _current:
        _current.append(App(Settings.from_environment()))
    return _current[-1]


@contextmanager
def using(app: App) -> Iterator[App]:
    """Let the entry points use `app` meanwhile: another clock, other settings."""
    _current.append(app)
    try:
        yield app
    finally:
        _current.remove(app)
