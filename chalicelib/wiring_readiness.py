"""What is asked whether we are ready, with clients that wait for seconds only."""

from functools import partial

from chalicelib.gateways import items
from chalicelib.gateways.ai_models import AiModels
from chalicelib.gateways.connect_instance import ConnectInstance
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.end_user_messaging import linked_number
from chalicelib.gateways.media import MediaBucket
from chalicelib.gateways.queue_reader import QueueReader
from chalicelib.readiness import Dependencies, Probe
from chalicelib.wiring_doors import PROBING, Doors

NOBODY = "health"  # a key that no item has: reading it is a real read of the table


def dependencies(app: Doors) -> Dependencies:
    """Messages wait in queues and go on without AI: a voice note then arrives as sound alone."""
    key = app.secret(app.settings.openai_api_key)
    models = AiModels(app.http, app.settings.openai_base_url, key)
    needed = {**_stored(app), **_queues(app), **_connect(app), **_whatsapp(app)}
    return Dependencies(needed, {"ai": models.names}, clock=app.clock)


def _stored(app: Doors) -> dict[str, Probe]:
    settings = app.settings
    items.use_tables(
        conversations=settings.dynamodb_table_conversations,
        messages=settings.dynamodb_table_messages,
    )
    db = DynamoDb(app.client("dynamodb", PROBING))
    bucket = MediaBucket(app.client("s3", PROBING), settings.s3_bucket_media)
    return {
        "conversations": partial(db.get, items.ConversationItem, NOBODY),
        "messages": partial(db.get, items.MessageItem, NOBODY),
        "files": bucket.check,
    }


def _queues(app: Doors) -> dict[str, Probe]:
    client, urls = app.client("sqs", PROBING), app.settings.queue_urls
    return {f"{name}_queue": QueueReader(client, url).is_empty for name, url in urls.items()}


def _connect(app: Doors) -> dict[str, Probe]:
    settings = app.settings
    instance = ConnectInstance(
        app.client("connect", PROBING),
        settings.connect_instance_id,
        settings.connect_contact_flow_id,
    )
    return {"connect": instance.check}


def _whatsapp(app: Doors) -> dict[str, Probe]:
    """End User Messaging's number; Meta's own API is asked by sending only."""
    number = app.settings.whatsapp_phone_number_id
    if app.settings.whatsapp_provider != "eum" or not number:
        return {}
    return {"whatsapp": partial(linked_number, app.client("socialmessaging", PROBING), number)}
