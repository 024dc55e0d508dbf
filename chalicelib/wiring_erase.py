"""Builds what erasing a customer needs; a part of `wiring.py`, built when the first one asks."""

from typing import TYPE_CHECKING

from chalicelib.erase import Erase
from chalicelib.erasure import TOMBSTONE_SECONDS
from chalicelib.gateways.dead_letters import DeadLetterQueues, letters_urls
from chalicelib.gateways.erased_table import ErasedTable
from chalicelib.gateways.media import MediaBucket

if TYPE_CHECKING:
    from chalicelib.wiring import App


def erase(app: "App") -> Erase:
    return Erase(
        conversations=app.conversations,
        personal=personal(app),
        to_agent=app.to_agent,
        chat=app.chat,
        files=[app.media, *_copies(app)],
        letters=dead_letters(app),
        outbox=app.queues,
        clock=app.clock,
    )


def personal(app: "App") -> ErasedTable:
    return ErasedTable(app.db, salt=app.salt, expires=lambda: app.clock() + TOMBSTONE_SECONDS)


def dead_letters(app: "App") -> DeadLetterQueues:
    return DeadLetterQueues(app.client("sqs"), letters_urls(app.settings.queue_urls))


def _copies(app: "App") -> list[MediaBucket]:
    """Deleting a version is not replicated (S3, "What isn't replicated"), so it is done there."""
    named = [copy.partition("/") for copy in app.settings.s3_bucket_copies]
    return [MediaBucket(app.client("s3", region=region), bucket) for region, _, bucket in named]
