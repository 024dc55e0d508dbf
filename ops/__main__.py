"""Look after a running Puente: `python -m ops --help` lists what there is."""

import dataclasses
import json
import time
from collections import Counter
from typing import Annotated, Any

import typer

from chalicelib import reprocess as voice_reprocess
from chalicelib.voice_note import WrongStateError
from ops import customer_commands, daily
from ops.installation import letters_of, print_json, product, states_of
from ops.letters import Letter, NotRedrivable

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
dlq = typer.Typer(help="Dead letters: messages that were parked.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")
for command in (customer_commands.export, customer_commands.erase, customer_commands.history):
    app.command()(command)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Private = Annotated[bool, typer.Option("--private", help="Show texts, names and numbers as well.")]
Id = Annotated[str, typer.Argument(help="Id of a letter, or its beginning.")]


@dlq.command("list")
def list_letters(as_json: AsJson = False) -> None:
    """All letters, oldest first, without what people wrote."""
    with letters_of().all() as letters:
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
    with letters_of().all() as letters:
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
    box, failed = letters_of(), 0
    with box.all() as letters:
        for letter in letters if every else [_chosen(letters, letter_id)]:
            try:
                typer.echo(f"{letter.id[:8]}  sent again: {box.redrive(letter)}")
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
    box = letters_of()
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
    states = states_of()
    message = states.message(wamid, private=private) or states.sent(wamid, private=private)
    with letters_of().all() as letters:
        parked = [_summary(letter) for letter in letters if letter.holds(wamid)]
    conversation = message.get("conversation") or (parked[0]["conversation"] if parked else "")
    found = {
        "message": message,
        "conversation": states.conversation(conversation, private=private) if conversation else {},
        "dead_letters": parked,
    }
    print_json(found)
    raise typer.Exit(0 if message or parked else 1)


@app.command()
def reprocess(
    wamid: Annotated[str, typer.Argument(help="WhatsApp's id of a voice note.")],
) -> None:
    """Understand a voice note once more from its stored audio; a live chat gets a new card."""
    running = product()
    try:
        stored = voice_reprocess.reprocess(running.voice_notes, running.queues, wamid)
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
    states = states_of()
    conversation = states.conversation(key, private=private)
    contact = conversation.get("contact", "")
    chat = states.contact(contact, private=private) if contact else {}
    print_json({"conversation": conversation, "contact": chat})
    raise typer.Exit(0 if conversation else 1)


@app.command()
def doctor(
    production: Annotated[
        bool, typer.Option("--production", help="Also what real customers need.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, credentials, queues, tables, bucket, WhatsApp, Connect, AI. Exit code 1 when
    something has failed."""
    from ops import doctor as examination
    from ops.look import Look

    findings = examination.examine(Look(product()), production=production)
    examination.tell(findings, as_json=as_json, production=production)
    raise typer.Exit(examination.exit_code(findings))


@app.command()
def tail(
    key: Annotated[str, typer.Argument(help="Key of a conversation.")],
    seconds: Annotated[float, typer.Option(help="Stop after this long; 0: never.")] = 0,
    every: Annotated[float, typer.Option(help="Seconds between looks.")] = 2,
    private: Private = False,
) -> None:
    """Follow a conversation: each message as it is recorded."""
    states, seen = states_of(), set[str]()
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
def metrics(
    every: Annotated[float, typer.Option(help="Look again after so many seconds; 0: once.")] = 0,
    seconds: Annotated[float, typer.Option(help="Stop after this long; 0: never.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Customers who wait, agents and chats of each Connect queue at this moment."""
    from ops import live
    from ops.look import Look

    look = Look(product())
    until = time.monotonic() + seconds if seconds else float("inf")
    while True:
        found = live.queues_now(look)
        plain = [dataclasses.asdict(one) for one in found]
        typer.echo(json.dumps(plain) if as_json else live.table(found))
        if not every or time.monotonic() + every > until:
            return
        time.sleep(every)


@app.command()
def report(
    days: Annotated[int, typer.Option(help="Also so many days: reads every message.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Depth of every queue, letters by reason; with --days, what passed and cost on each day.

    Exit code 1 when letters wait for an operator.
    """
    box = letters_of()
    with box.all() as letters:
        reasons = dict(Counter(letter.reason for letter in letters))
    depths, passed = box.depths(), _days(days)
    if as_json:
        told = {"queues": depths, "dead_letters": reasons}
        typer.echo(json.dumps(told | {"days": [one.as_json() for one in passed]}))
    else:
        for queue, depth in depths.items():
            typer.echo(f"{queue:20} {depth['waiting']:6} waiting {depth['in_flight']:6} in flight")
        for reason, count in reasons.items():
            typer.echo(f"{count:6} dead letters: {reason}")
        if passed:
            typer.echo(f"\n{daily.table(passed)}")
    raise typer.Exit(1 if reasons else 0)


def _days(how_many: int) -> list[daily.Day]:
    """The last of them is today, by UTC."""
    if how_many < 1:
        return []
    end = (product().clock() // daily.DAY + 1) * daily.DAY
    first = end - how_many * daily.DAY
    return daily.days(states_of().between(first, end), first, end)


def _said_at(line: dict[str, Any]) -> tuple[float, str]:
    """Within a second the customer's word comes before its answer."""
    return float(line.get("sent_at", 0)), str(line.get("direction", ""))


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


if __name__ == "__main__":
    app()
