"""What stands on the agents' desks and on the phone, in the words of a story.

Every text, file and voice note of a story is told apart by its number: a text says it, a photo is
named by its bytes, a voice note by how loud it is, and its transcript by what was heard.
"""

import io
import json
import re
import wave
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from chalicelib.gateways.audio import wav_file
from sandbox.wire import HttpResponse
from tests.crash.promises import REPEATED
from tests.crash.stage import ANNOUNCED, LATE, LINK, NOTICE_MARK

STEP = 40  # between the loudness of two voice notes
HEARD = re.compile(r"parcel with the number ([0-9]+) has not")
UNHEARD = re.compile(r"(Could not transcribe|Nothing understood|Fields could not be read)")
# Lines that stand for something of the customer's, by what they stand for.
WAITS = re.compile(r"(.*does not load yet; it follows here|^Voice note received, transcribing)")
ARRIVED = re.compile(r".* that did not load before:$")
GONE = re.compile(r".*could not be (loaded|shown)")
LABEL = re.compile(r"^\[(Photo|Document[^\]]*)\] ?")


@dataclass(frozen=True)
class Shown:
    """One thing of the customer's on a desk. `again`: marked as repeated; `late`: it tells its own
    time, or that it did not load before."""

    words: str
    again: bool = False
    late: bool = False


def voice_note(number):
    """A second of a tone that is as loud as its number says."""
    high, low = (
        loud.to_bytes(2, "little", signed=True) for loud in (number * STEP, -number * STEP)
    )
    return wav_file(high * 8_000 + low * 8_000)


def photo(number):
    """A JPEG like no other: its number is in its comment."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (37, 211, 102)).save(file, "jpeg", comment=f"photo {number}")
    return file.getvalue()


def document(number):
    return f"%PDF-1.4 document {number} ".encode()


def number_of(body):
    """Which file of the story this is."""
    if body.startswith(b"RIFF"):
        with wave.open(io.BytesIO(body)) as sound:
            sample = sound.readframes(1)
        return f"sound {int.from_bytes(sample, 'little', signed=True) // STEP}"
    found = re.search(rb"(photo|document) ([0-9]+)", body)
    return f"{found[1].decode()} {found[2].decode()}" if found else f"a file of {len(body)} bytes"


def transcription(request):
    """A speech service that hears the number of a note."""
    at = request.body.index(b"RIFF")
    number = number_of(request.body[at:].split(b"\r\n--")[0]).split()[1]
    said = f"Hello my parcel with the number {number} has not arrived"
    answer = {
        "text": said,
        "logprobs": [{"token": word, "logprob": -0.05} for word in said.split()],
        "usage": {"type": "duration", "seconds": 1.0},
    }
    return HttpResponse(
        headers={"content-type": "application/json"}, body=json.dumps(answer).encode()
    )


def desk(chat):
    """What of the customer's an agent sees in a chat, oldest first."""
    shown, again, late = [], False, False
    for item in chat.items:
        if item.type == "EVENT" or item.role != "CUSTOMER":
            continue
        if item.type == "ATTACHMENT":
            shown.append(Shown(number_of(item.attachments[0].body or b""), again, late))
            again = late = False
        elif not item.content.startswith(NOTICE_MARK):
            again, late = item.content.startswith(REPEATED), False
            for one in _of_text(item.content.removeprefix(REPEATED).strip(), again=again):
                if one.words:
                    shown.append(one)
                late = one.late
    return shown


def _of_text(text, *, again):
    """The pieces of one chat message; one without words tells of what comes after it."""
    if heard := HEARD.search(text):
        lines = text.split("\n")
        yield Shown(f"card {heard[1]}", again, any(LATE.match(line) for line in lines))
        return
    if UNHEARD.search(text):
        return
    pieces = []
    for line in text.split("\n"):
        if LATE.match(line) or ARRIVED.match(line):
            before = pieces.pop() if pieces else Shown("", again)
            pieces.append(Shown(before.words, again, late=True))
        elif not (ANNOUNCED.match(line) or GONE.match(line) or LINK in line):
            pieces.append(Shown(LABEL.sub("", line), again))
    yield from pieces


def stand_ins(chats):
    """Lines that stand for something that was not shown, and never came later."""
    return sum(_stand_ins_in([*map(_kind_and_lines, _of_the_customer(chat))]) for chat in chats)


def _stand_ins_in(items):
    lines = [line for _, lines in items for line in lines]
    waiting = sum(bool(WAITS.match(line)) for line in lines)
    # A chat may end between the words that announce a file and the file.
    came = sum(
        bool(ARRIVED.match(line)) and after == "ATTACHMENT"
        for (_, lines), (after, _) in pairwise([*items, ("END", [])])
        for line in lines
    )
    for_good = (GONE.match(line) or UNHEARD.search(line) or LINK in line for line in lines)
    return max(0, waiting - came) + sum(map(bool, for_good))


def _of_the_customer(chat):
    return [item for item in chat.items if item.type != "EVENT" and item.role == "CUSTOMER"]


def _kind_and_lines(item):
    return item.type, item.content.split("\n") if item.type == "MESSAGE" else []


def notices(chats):
    """What Puente itself told the agents."""
    return [
        item.content
        for chat in chats
        for item in chat.items
        if item.type == "MESSAGE" and (item.content or "").startswith(NOTICE_MARK)
    ]


def phone(bubbles):
    return [
        number_of(bubble.media) if bubble.kind in ("image", "document") else bubble.text
        for bubble in bubbles
    ]
