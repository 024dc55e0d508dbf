"""`python -m ops erase|export|history`: a customer by phone number or user id."""

import json
import time
from collections.abc import Callable
from typing import Annotated

import typer

from ops.customers import Customers, NobodyNamed, identifiers
from ops.installation import letters_of, print_json, product

Phone = Annotated[str, typer.Option(help="The customer's number, with country code.")]
UserId = Annotated[str, typer.Option(help="The customer's business-scoped user id (US.1349...).")]
Numbers = Annotated[
    list[str] | None,
    typer.Option("--number", help="Meta's id of a business number; without: all linked ones."),
]
Private = Annotated[bool, typer.Option("--private", help="Show texts, names and numbers as well.")]


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
    known = customers.forget(named)
    done = _within(wait, lambda: customers.forgotten(known))
    typer.echo(
        "forgotten; what was in work at that moment is looked for again in a quarter of an hour"
        if done
        else "the wish waits in the customer's queue; look again with `python -m ops export`"
    )
    raise typer.Exit(0 if done else 1)


def export(phone: Phone = "", user_id: UserId = "", number: Numbers = None) -> None:
    """Everything that is stored of a customer, as one JSON object (LA-37).

    Exit code 1 when nothing is stored.
    """
    found = _customers(number).export(_named(phone, user_id))
    print_json(found)
    raise typer.Exit(0 if any(found.values()) else 1)


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
    running = product()
    if not numbers and running.settings.whatsapp_provider == "eum":
        numbers = running.end_user_messaging.numbers()
    known = numbers or [running.settings.whatsapp_phone_number_id]
    return Customers(running, letters_of(), known)
