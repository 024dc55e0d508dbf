"""A customer is forgotten: the calls of an erase, so that each is made once."""

from infra.names import LETTERS
from infra.recording_scenarios import PNG, failing, in_a_chat, on_chat
from sandbox import wishes
from sandbox.faults import Action
from sandbox.world import World


def forgotten(world: World) -> None:
    """A customer with files, a parked message and an open chat asks to be forgotten."""
    mia, agent = in_a_chat(world)
    mia.sends("image", media=PNG)
    agent.say("Here it is")
    failing(world, on_chat, Action.VALIDATION)
    mia.says("unacceptable")
    world.topics.publish(world.whatsapp_topic, "not an event")
    for queue in LETTERS:
        group = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
        world.sqs.send(queue, {"MessageBody": "{}", **(group if ".fifo" in queue else {})})
    world.run_for(60)
    theirs = f"{mia.name} 15550100001"
    for queue in LETTERS:
        group = {"MessageGroupId": "h", "MessageDeduplicationId": "e"}
        world.sqs.send(queue, {"MessageBody": theirs, **(group if ".fifo" in queue else {})})
    wishes.forget(world, "15550100001")
    world.run_for(1200)
    mia.reads()
    world.run_for(10)
