"""Look after a running Puente: `python -m ops --help` lists what there is."""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import typer

from chalicelib import reprocess as voice_reprocess
from chalicelib import wiring
from chalicelib.errors import SettingsError
from chalicelib.voice_note import WrongStateError
from ops.customers import Customers, NobodyNamed, identifiers
from ops.letters import Letter, Letters, NotRedrivable
from ops.states import States

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
dlq = typer.Typer(help="Dead letters: messages that were parked.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Private = Annotated[bool, typer.Option("--private", help="Show texts, names and numbers as well.")]
Phone = Annotated[str, typer.Option(help="The customer's number, with country code.")]
UserId = Annotated[str, typer.Option(help="The customer's business-scoped user id (US.1349...).")]
Numbers = Annotated[
    list[str] | None,
    typer.Option("--number", help="Meta's id of a business number; without: all linked ones."),
]
Id = Annotated[str, typer.Argument(help="Id of a letter, or its beginning.")]


@dlq.command("list")
def list_letters(as_json: AsJson = False) -> None:
    """All letters, oldest first, without what people wrote."""
    with _letters().all() as letters:
        rows = [_summary(letter) for letter in letters]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['id'][:8]}  {row['parked_at']}  {row['kinds']}: {row['reason']}")
    typer.echo(f"{len(rows)} letters", err=True)


@dlq.command()
def show(letter_id: Id) -> None:
    """One letter, whole: it holds what somebody wrote."""
    with _letters().all() as letters:
        content = _chosen(letters, letter_id).content
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


@dlq.command()
def redrive(
    letter_id: Annotated[str, typer.Argument(help="Id of a letter, or its beginning.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Send all letters again.")] = False,
) -> None:
    """Send letters again: to the chat that is live now, with their own time."""
    if bool(letter_id) == every:
        raise typer.BadParameter("name one letter, or --all")
    box, failed = _letters(), 0
    with box.all() as letters:
        for letter in letters if every else [_chosen(letters, letter_id)]:
            try:
                sent = len(box.redrive(letter))
                typer.echo(f"{letter.id[:8]}  sent again: {sent}")
            except NotRedrivable as why:
                failed += 1
                typer.echo(f"{letter.id[:8]}  {why}", err=True)
    raise typer.Exit(1 if failed else 0)


@dlq.command()
def drop(
    letter_id: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a letter for good; what is in it is lost."""
    box = _letters()
    with box.all() as letters:
        letter = _chosen(letters, letter_id)
        if not yes:
            typer.confirm(f"Delete {letter.id[:8]} ({letter.kinds}) for good?", abort=True)
        box.drop(letter)
    typer.echo(f"{letter.id[:8]}  dropped")


@app.command()
def trace(
    wamid: Annotated[str, typer.Argument(help="WhatsApp's id of a message, in or out.")],
    private: Private = False,
) -> None:
    """Where a message is: history, chat, dead letters. Exit code 1 when nothing is known."""
    states = _states()
    message = states.message(wamid, private=private) or states.sent(wamid, private=private)
    with _letters().all() as letters:
        parked = [_summary(letter) for letter in letters if wamid in letter.messages]
    conversation = message.get("conversation") or (parked[0]["conversation"] if parked else "")
    found = {
        "message": message,
        "conversation": states.conversation(conversation, private=private) if conversation else {},
        "dead_letters": parked,
    }
    _print(found)
    raise typer.Exit(0 if message or parked else 1)


@app.command()
def reprocess(
    wamid: Annotated[str, typer.Argument(help="WhatsApp's id of a voice note.")],
) -> None:
    """Understand a voice note once more from its stored audio; a live chat gets a new card."""
    product = _product()
    try:
        stored = voice_reprocess.reprocess(product.voice_notes, product.queues, wamid)
    except WrongStateError as why:
        typer.echo(f"not reprocessed: {why}", err=True)
        raise typer.Exit(1) from why
    if stored is None:
        typer.echo("no voice note of that id", err=True)
        raise typer.Exit(1)
    typer.echo(f"queued, run {stored.note.runs}")


@app.command()
def inspect(
    key: Annotated[str, typer.Argument(help="Key of a conversation, or a Connect contact id.")],
    private: Private = False,
) -> None:
    """A conversation, its chat, its open claim. Exit code 1 when there is none."""
    states = _states()
    conversation = states.conversation(key, private=private)
    contact = conversation.get("contact", "")
    chat = states.contact(contact, private=private) if contact else {}
    _print({"conversation": conversation, "contact": chat})
    raise typer.Exit(0 if conversation else 1)


@app.command()
def erase(
    phone: Phone = "",
    user_id: UserId = "",
    number: Numbers = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait until it is done.")] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a customer for good: chats, history, files, parked messages (LA-37).

    Exit code 1 when it is not done yet after `--wait` seconds; it goes on by itself.
    """
    customers, named = _customers(number), _named(phone, user_id)
    if not yes:
        typer.confirm("Delete everything that is stored of this customer?", abort=True)
    since = int(_product().clock())
    keys = customers.forget(named)
    done = _within(wait, lambda: customers.forgotten(keys, since))
    typer.echo(
        "forgotten; what was in work at that moment is looked for again in a quarter of an hour"
        if done
        else "the wish waits in the customer's queue; look again with `python -m ops export`"
    )
    raise typer.Exit(0 if done else 1)


@app.command()
def export(phone: Phone = "", user_id: UserId = "", number: Numbers = None) -> None:
    """Everything that is stored of a customer, as one JSON object (LA-37).

    Exit code 1 when nothing is stored.
    """
    found = _customers(number).export(_named(phone, user_id))
    _print(found)
    raise typer.Exit(0 if any(found.values()) else 1)


@app.command()
def history(
    phone: Phone = "",
    user_id: UserId = "",
    number: Numbers = None,
    limit: Annotated[int, typer.Option(min=1, help="How many messages.")] = 20,
    private: Private = False,
) -> None:
    """A customer's messages and ours, newest first. Exit code 1 when there are none."""
    lines = _customers(number).history(_named(phone, user_id), limit, private=private)
    for line in lines:
        typer.echo(json.dumps(line, default=str, ensure_ascii=False))
    raise typer.Exit(0 if lines else 1)


@app.command()
def tail(
    key: Annotated[str, typer.Argument(help="Key of a conversation.")],
    seconds: Annotated[float, typer.Option(help="Stop after this long; 0: never.")] = 0,
    every: Annotated[float, typer.Option(help="Seconds between looks.")] = 2,
    private: Private = False,
) -> None:
    """Follow a conversation: each message as it is recorded."""
    states, seen = _states(), set[str]()
    until = time.monotonic() + seconds if seconds else float("inf")
    while True:
        new = [one for one in states.history(key) if one not in seen]
        lines = [states.message(one, private=private) for one in new]
        for line in sorted(lines, key=_said_at):
            typer.echo(json.dumps(line, default=str, ensure_ascii=False))
        seen.update(new)
        if time.monotonic() + every > until:
            return
        time.sleep(every)


@app.command()
def report(as_json: AsJson = False) -> None:
    """Depth of every queue, letters by reason. Exit code 1 when letters wait for an operator."""
    box = _letters()
    with box.all() as letters:
        reasons = dict(Counter(letter.reason for letter in letters))
    depths = box.depths()
    if as_json:
        typer.echo(json.dumps({"queues": depths, "dead_letters": reasons}))
    else:
        for queue, depth in depths.items():
            typer.echo(f"{queue:16} {depth['waiting']:6} waiting {depth['in_flight']:6} in flight")
        for reason, count in reasons.items():
            typer.echo(f"{count:6} dead letters: {reason}")
    raise typer.Exit(1 if reasons else 0)


def _said_at(line: dict[str, Any]) -> tuple[float, str]:
    """Within a second the customer's word comes before its answer."""
    return float(line.get("sent_at", 0)), str(line.get("direction", ""))


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not (found := done()) and time.monotonic() < until:
        time.sleep(1)
    return found


def _named(phone: str, user_id: str) -> list[str]:
    try:
        return identifiers(phone, user_id)
    except NobodyNamed as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from problem


def _customers(numbers: list[str] | None) -> Customers:
    product = _product()
    if not numbers and product.settings.whatsapp_provider == "eum":
        numbers = product.end_user_messaging.numbers()
    known = numbers or [product.settings.whatsapp_phone_number_id]
    return Customers(product, _letters(), known)


def _letters() -> Letters:
    product = _product()
    settings = product.settings
    urls = {
        "inbound": settings.inbound_queue_url,
        "outbound": settings.outbound_queue_url,
        "voice_notes": settings.voice_notes_queue_url,
        "dead_letters": settings.dead_letters_queue_url,
    }
    return Letters(product.client("sqs"), urls)


def _states() -> States:
    return States(_product().db)


def _product() -> wiring.App:
    try:
        return wiring.current()
    except SettingsError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from problem


def _summary(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "queue": letter.queue,
        "parked_at": letter.parked_at.isoformat(timespec="seconds"),
        "reason": letter.reason,
        "kinds": letter.kinds,
        "conversation": str(letter.content.get("conversation", "")),
    }


def _chosen(letters: list[Letter], beginning: str) -> Letter:
    found = [letter for letter in letters if letter.id.startswith(beginning)]
    if len(found) != 1:
        what = "no letter" if not found else f"{len(found)} letters"
        typer.echo(f"{what} of that id", err=True)
        raise typer.Exit(1)
    return found[0]


def _print(found: dict[str, Any]) -> None:
    typer.echo(json.dumps(found, default=str, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    app()
