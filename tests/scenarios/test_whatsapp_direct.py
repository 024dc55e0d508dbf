"""WhatsApp without End User Messaging: Meta's webhook in, Meta's Cloud API out."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse
from PIL import Image

import app as entry_points
from chalicelib import wiring
from chalicelib.settings import Settings
from sandbox import wishes
from sandbox.faults import Action
from sandbox.graph_api import PREFIX, GraphApi, signature
from sandbox.whatsapp.envelope import entry
from sandbox.world import World
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios.people import (
    chats_of,
    dead_letters,
    files,
    lines,
    live_chat,
    notices,
    sent_texts,
    words,
)

SECRET, TOKEN, VERIFY = "an-app-secret", "a-system-user-token", "typed-into-the-app"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ADDRESSES = ("/webhook/whatsapp", "/webhook", "/whatsapp/v2")


class Direct:
    """A world where Meta calls us over HTTPS, and we call Meta."""

    def __init__(self, world: World, client: Client) -> None:
        self.world = world
        self.client = client
        self.answers: list[int] = []

    def post(self, body: bytes, signed: str | None = None, path: str = ADDRESSES[0]) -> Any:
        headers = {"Content-Type": "application/json"}
        if signed != "":
            headers["X-Hub-Signature-256"] = signed or signature(body, SECRET)
        return self.client.http.post(path, headers=headers, body=body)

    def publish(self, meta_entry: dict[str, Any]) -> None:
        document = {"object": "whatsapp_business_account", "entry": [meta_entry]}
        answer: HTTPResponse = self.post(json.dumps(document).encode())
        self.answers.append(answer.status_code)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[Direct]:
    with World() as world:
        world.deliverer.raise_errors = True
        world.router.mount(
            PREFIX, GraphApi(world.network, token=TOKEN, url=lambda: world.url).handle
        )
        settings = {
            "WHATSAPP_PROVIDER": "cloud_api",
            "WHATSAPP_ACCESS_TOKEN": TOKEN,
            "WHATSAPP_APP_SECRET": SECRET,
            "WHATSAPP_WEBHOOK_VERIFY_TOKEN": VERIFY,
            "META_API_BASE_URL": f"{world.url}{PREFIX}",
        }
        product = wiring.App(
            Settings.from_environment({**world.environment(), **settings}),
            clock=lambda: world.clock.now().timestamp(),
            new_id=world.ids.uuid,
        )
        with wiring.using(product), Client(entry_points.app) as client:
            found = Direct(world, client)
            monkeypatch.setattr(world.network, "publish", found.publish)
            yield found


def test_words_go_both_ways_and_statuses_come_back(direct: Direct) -> None:
    talk = live_chat(direct.world)
    talk.agent.say("Hi **Mia**", "text/markdown")
    direct.world.run_for(3)
    assert lines(talk.chat) == ["Hello"]
    assert sent_texts(talk.customer) == ["Hi *Mia*"]
    assert talk.agent.desk_view(talk.chat)[-1].delivered_at
    assert set(direct.answers) == {200}
    assert not direct.world.router.operations(0)["socialmessaging.SendWhatsAppMessage"]


def test_files_go_both_ways(direct: Direct) -> None:
    talk = live_chat(direct.world)
    photo = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(photo, "JPEG")
    talk.customer.sends("image", media=photo.getvalue(), caption="Look")
    direct.world.settle()
    assert [body for _, _, body in files(talk.chat)] == [photo.getvalue()]
    talk.agent.attach("offer.pdf", "application/pdf", PDF)
    talk.agent.attach("said.wav", "audio/wav", encoded(tone(1.0), "wav", "pcm_s16le", 16000))
    direct.world.run_for(3)
    offer, said = talk.customer.screen[-2:]
    assert (offer.media, offer.filename) == (PDF, "offer.pdf")
    assert said.is_voice


def test_blue_ticks_and_refusals_work_as_with_end_user_messaging(direct: Direct) -> None:
    talk = live_chat(direct.world)
    assert talk.customer.tick(talk.customer.sent[0].wamid) == "read"
    direct.world.network.handsets[0].last_wrote.clear()
    talk.agent.say("Too late?")
    direct.world.run_for(3)
    assert "24 hours" in notices(talk.chat)[-1]


def test_a_send_whose_answer_is_lost_is_proved_by_its_status(direct: Direct) -> None:
    world = direct.world
    talk = live_chat(world)
    world.router.faults.when(
        lambda call: call.service == "http:graph" and call.operation.startswith("POST"),
        Action.TIMEOUT_AFTER,
        times=1,
    )
    world.router.faults.arm()
    talk.agent.say("Only once, please")
    world.run_for(600)
    assert sent_texts(talk.customer) == ["Only once, please"]


def test_a_file_meta_does_not_have_any_more_is_named(direct: Direct) -> None:
    talk = live_chat(direct.world)
    talk.customer.sends("document", media=PDF, filename="a.pdf")
    direct.world.network.media._files.clear()
    direct.world.settle()
    assert "ask the customer to send it again" in lines(talk.chat)[-1]


# --- who may call ----


@pytest.mark.parametrize("path", ADDRESSES)
def test_meta_can_subscribe_with_our_token_only(direct: Direct, path: str) -> None:
    """LA-02, LA-31, UT-15."""

    def asked(token: str) -> HTTPResponse:
        query = f"hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444"
        return direct.client.http.get(f"{path}?{query}")

    assert (asked(VERIFY).status_code, asked(VERIFY).body) == (200, b"1158201444")
    assert asked("guess").status_code == 403
    assert direct.client.http.get(path).status_code == 403


@pytest.mark.parametrize("path", ADDRESSES)
def test_only_what_meta_signed_is_taken(direct: Direct, path: str) -> None:
    """VN-19, UT-16."""
    body = b'{"object": "whatsapp_business_account", "entry": []}'
    assert direct.post(body, signature(body, "another secret"), path).status_code == 401
    assert direct.post(body, "sha1=0", path).status_code == 401
    assert direct.post(body, "", path).status_code == 401
    assert direct.post(body + b" ", signature(body, SECRET), path).status_code == 401
    assert dead_letters(direct.world) == []


def test_without_a_secret_nobody_is_let_in(world: World) -> None:
    body = b"{}"
    with Client(entry_points.app) as client:
        headers = {"X-Hub-Signature-256": signature(body, "")}
        assert client.http.post("/webhook", headers=headers, body=body).status_code == 401
        assert client.http.get("/webhook?hub.mode=subscribe&hub.verify_token=").status_code == 403


def test_the_signature_is_over_the_raw_bytes(direct: Direct) -> None:
    """LA-32. Spaces, order and escapes as Meta wrote them; never over what we would write."""
    number = direct.world.number
    message = {"from": "1", "id": "wamid.RAW", "type": "text", "text": {"body": "¡Hola! 👋"}}
    value = {"metadata": {"phone_number_id": number.meta_id}, "messages": [message]}
    document = {"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}
    for written in (
        json.dumps(document, ensure_ascii=False, indent=3).encode(),
        json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode(),
    ):
        assert direct.post(written).status_code == 200


# --- when it is safe to say "taken" ----


def test_200_only_when_it_is_durably_queued(direct: Direct) -> None:
    """VN-21, LA-26."""
    number = direct.world.number
    message = {"from": "1", "id": "wamid.Q", "type": "text", "text": {"body": "Hi"}}
    value = {"metadata": {"phone_number_id": number.meta_id}, "messages": [message]}
    body = json.dumps({"entry": [entry(direct.world.network.account, "messages", value)]}).encode()
    direct.world.router.faults.on("sqs", "SendMessageBatch", Action.SERVER_ERROR, nth=None)
    direct.world.router.faults.arm()
    assert direct.post(body).status_code == 503
    direct.world.router.faults.clear()
    assert direct.post(body).status_code == 200
    assert direct.post(body).status_code == 200, "Meta's repeats are harmless"
    direct.world.run_for(5)
    assert [lines(chat) for chat in direct.world.chats] == [["Hi"]]


def test_what_nobody_can_read_is_taken_and_kept_for_the_operator(direct: Direct) -> None:
    assert direct.post(b"\xff\xfe not json").status_code == 200
    assert len(dead_letters(direct.world)) == 1


@pytest.mark.deep
def test_three_megabytes_with_a_thousand_messages_are_taken_at_once(direct: Direct) -> None:
    """Meta batches up to 1,000 updates and 3 MB; ten go into the queue with each call."""
    number = direct.world.number
    messages = [
        {
            "from": f"1555010{index % 50:04}",
            "id": f"wamid.B{index}",
            "timestamp": "1795017600",
            "type": "text",
            "text": {"body": f"{index} " + "x" * 2800},
        }
        for index in range(1000)
    ]
    value = {"metadata": {"phone_number_id": number.meta_id}, "messages": messages}
    body = json.dumps({"entry": [{"id": "1", "changes": [{"value": value}]}]}).encode()
    assert len(body) > 2_900_000
    start = len(direct.world.router.calls)
    assert direct.post(body).status_code == 200
    assert direct.world.router.operations(start)["sqs.SendMessageBatch"] == 100
    queue = direct.world.sqs.queues["inbound.fifo"]
    assert len(queue.messages) == 1000


@pytest.mark.deep
def test_what_meta_brings_after_an_erase_is_shown_though_its_clock_is_behind(
    direct: Direct,
) -> None:
    """Its webhook does not say when it was sent to us: the queue does."""
    world = direct.world
    talk = live_chat(world)
    wishes.forget(world, talk.customer.number or "")
    world.run_for(5)
    world.network.switches.clock_ahead_s = -600
    talk.customer.says("A new question")
    world.run_for(5)
    [_, new] = chats_of(world, talk.customer)
    assert words(new) == ["A new question"]
