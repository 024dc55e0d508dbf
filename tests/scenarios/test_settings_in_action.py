"""Settings that are missing or wrong stop the start, with everything said at once."""

import pytest

import app
from chalicelib import wiring
from chalicelib.errors import SettingsError
from sandbox.world import World


def test_all_wrong_settings_are_named_in_one_message_with_their_remedy():
    wrong = {
        "CONNECT_INSTANCE_ID": "",
        "S3_BUCKET_MEDIA": "",
        "CHAT_DURATION_MINUTES": "5",
        "READ_RECEIPTS": "sometimes",
        "OPENAI_API_KEY": "",
    }
    with pytest.raises(SettingsError) as caught, World(settings=wrong):
        pass
    told = str(caught.value)
    assert all(name in told for name in wrong)
    assert "CONNECT_INSTANCE_ID: is missing." in told
    assert ".env.example" in told


def test_an_entry_point_without_settings_says_so(monkeypatch):
    monkeypatch.setattr(wiring, "_current", [])
    for name in ("CONNECT_INSTANCE_ID", "INBOUND_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="INBOUND_QUEUE_URL"):
        wiring.current()


def test_the_health_route_answers_with_the_stage(world):
    assert app.health() == {"status": "ok", "stage": "local"}


def test_customers_are_told_in_the_language_of_their_country(world):
    ines = world.phones.add("Inés", "34600100001")
    joao = world.phones.add("João", "5511912345678")
    ines.says("Hola")
    joao.says("Oi")
    world.run_for(2)
    assert ines.texts[0].startswith("Gracias por escribirnos")
    assert joao.texts[0].startswith("Obrigado por escrever")
