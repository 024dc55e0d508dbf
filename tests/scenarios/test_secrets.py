"""The key of the speech service lies in Secrets Manager: who asks for it, and when (LA-33)."""

from pathlib import Path

import boto3

from sandbox.phones import Phone
from sandbox.world import World

NOTE = Path(__file__).parents[2] / "sandbox" / "voice_notes" / "claim_en.ogg"
NAME = "puente/openai-api-key"
ARN = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{NAME}"


def reads(world: World) -> int:
    return sum(call.operation == "GetSecretValue" for call in world.router.calls)


def speaking(world: World) -> Phone:
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(5)
    return mia


def test_a_text_asks_for_no_secret_and_a_voice_note_for_one_once() -> None:
    with World(settings={"OPENAI_API_KEY": ARN}) as world:
        boto3.client("secretsmanager").create_secret(Name=NAME, SecretString="a-key")
        agent = world.desk.agent("Ana", ["General", "Claims", "Urgent"])
        mia = speaking(world)
        chat = agent.accept()
        assert reads(world) == 0
        mia.sends_voice_note(NOTE.read_bytes())
        world.run_for(30)
        assert "parcel" in " ".join(str(row.text) for row in agent.desk_view(chat))
        assert reads(world) == 1  # transcript and facts share it


def test_a_note_waits_for_a_key_that_was_forgotten() -> None:
    """The agent hears it at once and reads it when the operator puts the key in time."""
    with World(settings={"OPENAI_API_KEY": ARN}) as world:
        agent = world.desk.agent("Ana", ["General", "Claims", "Urgent"])
        mia = speaking(world)
        chat = agent.accept()
        mia.sends_voice_note(NOTE.read_bytes())
        world.run_for(1)
        rows = agent.desk_view(chat)
        assert any(".wav" in str(row.as_json()) for row in rows)
        assert "parcel" not in " ".join(str(row.text) for row in rows)
        boto3.client("secretsmanager").create_secret(Name=NAME, SecretString="a-key")
        world.run_for(60)
        assert "parcel" in " ".join(str(row.text) for row in agent.desk_view(chat))
