"""What is promised whatever crashes, checked in one place (protocol section 2)."""

from collections import Counter
from itertools import pairwise

from chalicelib.contact import read_callback
from chalicelib.texts import Texts

UNSURE_WAIT_S = 60  # T of the protocol
REPEATED = f"({Texts('en').get('notice.repeated')})"


class Broken(AssertionError):
    """A promise did not hold."""


def check(stage, *, parking=False, overtaking=False, returned=False):
    """Hold a finished stage against the promises.

    `parking`: two crashes at one message may park it, with a placeholder for the agent.
    `overtaking`: messages that reached the queue late may stand after later ones (promise I4).
    `returned`: WhatsApp refuses for good; what was not sent is said to the agent instead.
    """
    _nothing_left(stage)
    parked = [*stage.collected, *stage.dead_letters()]
    if parked and not parking:
        raise Broken(f"dead letters: {[letter.get('reason') for letter in parked]}")
    _one_chat(stage)
    _agent_saw(stage, parked, overtaking=overtaking, announced=bool(parked) or returned)
    _customer_got(stage, overtaking, _answers(parked) if returned else None)


def _nothing_left(stage):
    if stage.left_in_queues():
        raise Broken(f"still queued: {stage.left_in_queues()}")
    if stage.claims():
        raise Broken(f"claims left: {stage.claims()}")


def _one_chat(stage):
    chats = stage.chats()
    live = [chat for chat in chats if not chat.is_over]
    if len(live) > 1:
        raise Broken(f"{len(live)} live chats")
    if len(chats) != stage.chats_expected:
        raise Broken(f"{len(chats)} chats, not {stage.chats_expected}")


def _agent_saw(stage, parked, *, overtaking, announced):
    every = [stage.seen_by_agent(chat) for chat in stage.chats()]
    for seen in every:
        doubled = [word for word, count in _distinct(seen).items() if count > 1]
        if doubled:
            raise Broken(f"shown twice: {doubled} in {seen}")
    expected = [word for words in stage.wrote for word in words]
    lines = _over_all_chats(every)
    if announced:
        return _placeholders(stage, lines, expected, parked, overtaking)
    if overtaking:
        lines, expected = sorted(lines), sorted(expected)
    elif stage.promised_files:
        lines, expected = _files_last(lines), _files_last(expected)
    if lines != expected:
        raise Broken(f"the agent saw {lines}, not {expected}")
    return None


def _over_all_chats(every):
    """What the agents saw, one chat after the other; a marked line may repeat an older chat's."""
    lines = []
    for seen in every:
        for line in seen:
            text = line.removeprefix(REPEATED).lstrip()
            if text == line or text not in lines:
                lines.append(text or line)
    return lines


def _distinct(seen):
    """Cards and files look alike; only words tell a doubled message."""
    return Counter(line for line in seen if line not in ("card", "file"))


def _answers(letters):
    """How many letters hold what an agent wrote, or an event whole."""
    kinds = [{member["kind"] for member in letter.get("members", [])} for letter in letters]
    return sum(not kind or kind == {"outbound"} for kind in kinds)


def _files_last(lines):
    """A file that did not load is announced in its place and follows when it can, with its card."""
    return sorted(lines, key=lambda line: line if line in ("card", "file") else "")


def _placeholders(stage, lines, expected, parked, overtaking):
    """Everything is shown or announced by a placeholder and in the dead letters, in order."""
    if stage.promised_files:
        lines, expected = _files_last(lines), _files_last(expected)
    shown = [line for line in lines if line in expected]
    left = iter(expected)
    if not all(line in left for line in shown) and not overtaking:
        raise Broken(f"out of order: {lines}, not {expected}")
    missing = [line for line in expected if line not in lines]
    announced = len(lines) - len(shown) + sum(len(stage.notices(chat)) for chat in stage.chats())
    if missing and not announced and len(parked) < len(missing):
        raise Broken(f"{missing} is parked and the agent does not know: {lines}")
    if len(parked) > len(stage.wrote):
        raise Broken(f"{len(parked)} dead letters")


def _customer_got(stage, overtaking, parked):
    """`parked`: how many answers lie in dead letters; None when all must have been sent."""
    said, got = stage.said_to_customer(), stage.on_the_phone()
    lost = Counter(said) - Counter(got)
    notices = sum(len(stage.notices(chat)) for chat in stage.chats())
    if parked is not None and lost.total() <= notices + parked:
        said, lost = [line for line in said if line in got], Counter()
    if lost:
        raise Broken(f"never reached WhatsApp: {dict(lost)}; on the phone: {got}")
    more = sum((Counter(got) - Counter(said)).values())
    if more > _sent_again(stage):
        raise Broken(f"sent more often than said: {dict(Counter(got) - Counter(said))}")
    firsts = list(dict.fromkeys(got))
    if firsts != list(dict.fromkeys(said)) and not overtaking:
        raise Broken(f"out of order on the phone: {got}, not {said}")


def _sent_again(stage):
    """How many second sends promise O2 allows: the status of the one before did not come in time,
    from WhatsApp or because a process died with it in hand."""
    again = 0
    for sends in sends_by_part(stage).values():
        if len(sends) > 1:
            first, _ = sends[0]
            soon = stage.world.network.switches.statuses == "soon"
            if soon and not stage.died_with(["statuses", str(first)]):
                raise Broken(f"sent again though its status came: {first}")
            problem = not_as_promised(stage, sends)
            if problem:
                raise Broken(problem)
            again += len(sends) - 1
    return again


def sends_by_part(stage):
    """The sends of each part of what was said in this customer's chats, with their instants."""
    contacts = {chat.id for chat in stage.chats()}
    sends = {}
    for one in stage.world.network.sent:
        callback = read_callback(one.body.get("biz_opaque_callback_data"))
        if callback and callback.contact in contacts:
            sends.setdefault(callback.record, []).append((callback, one.at))
    return sends


def not_as_promised(stage, sends):
    """What is wrong with several sends of one part: each has a number of its own, comes T after the
    one before, and the history tells of it. "" when nothing is.

    A crash in front of a send leaves a number that was never sent.
    """
    numbers = [callback.attempt for callback, _ in sends]
    if any(later <= before for before, later in pairwise(numbers)):
        return f"not numbered: {sends}"
    waits = [(after - before).total_seconds() for (_, before), (_, after) in pairwise(sends)]
    if any(wait < UNSURE_WAIT_S for wait in waits):
        return f"sent again too early: {waits}"
    kept = stage.world.app.history.sends(sends[0][0].record)
    return "" if kept >= numbers[-1] else f"sent as {numbers}, and the history knows {kept}"
