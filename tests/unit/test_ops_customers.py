"""A customer asks what is stored of them, and to be forgotten; an operator types it (LA-37)."""

import json
import logging

import pytest
from typer.testing import CliRunner

from ops.__main__ import app
from sandbox.world import World
from tests.scenarios.forgetting import NAME, NUMBER, USER_ID, Forgettable


@pytest.fixture
def story():
    with World() as world:
        yield Forgettable(world)


def ops(*arguments, answer=None):
    done = CliRunner().invoke(app, list(arguments), input=answer)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_an_export_holds_everything_that_is_stored_of_one_customer(story):
    done = ops("export", "--phone", f"+{NUMBER}")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert {item["kind"] for item in told["conversations"]} == {
        "conversation",
        "pointer",
        "contact",
    }
    assert {"My turquoise bicycle"} <= {line["text"] for line in told["messages"]}
    assert [file["bytes"] > 0 for file in told["files"]] == [True]
    assert "lost in the letters" in json.dumps(told["dead_letters"])
    assert NAME in done.stdout
    assert "participant_token" not in done.stdout


def test_an_export_by_user_id_is_the_same(story):
    by_number = json.loads(ops("export", "--phone", NUMBER).stdout)
    by_id = json.loads(ops("export", "--user-id", USER_ID).stdout)
    assert by_id["messages"] == by_number["messages"]


def test_nothing_of_another_customer_is_exported(story):
    luis = story.world.phones.add("Luis", "15550100009")
    luis.says("A secret of Luis")
    story.world.run_for(5)
    assert "A secret of Luis" not in ops("export", "--phone", NUMBER).stdout
    assert "A secret of Luis" in ops("export", "--phone", "15550100009").stdout


def test_of_a_stranger_nothing_is_stored(story):
    assert ops("export", "--phone", "15550199999").exit_code == 1


def test_an_operator_forgets_a_customer_and_only_this_one(story):
    luis = story.world.phones.add("Luis", "15550100009")
    luis.says("A secret of Luis")
    story.world.run_for(5)
    done = ops("erase", "--phone", NUMBER, "--user-id", USER_ID, "--yes", "--wait", "0")
    assert done.exit_code == 1, "nobody has worked on the queue yet"
    story.world.run_for(1200)
    assert story.left() == []
    assert ops("export", "--phone", NUMBER).exit_code == 1
    assert "A secret of Luis" in ops("export", "--phone", "15550100009").stdout
    assert ops("erase", "--phone", NUMBER, "--yes", "--wait", "0").exit_code == 1


def test_an_erase_asks_before_it_deletes(story):
    assert ops("erase", "--phone", NUMBER, answer="n\n").exit_code == 1
    story.world.run_for(60)
    assert len(story.left()) > 2


def test_history_is_newest_first_and_without_words_unless_asked(story):
    lines = [json.loads(line) for line in ops("history", "--phone", NUMBER).stdout.splitlines()]
    times = [line["sent_at"] for line in lines]
    assert times == sorted(times, reverse=True)
    assert len(times) > 2
    assert "turquoise" not in json.dumps(lines)
    assert "turquoise" in ops("history", "--phone", NUMBER, "--private").stdout
    assert len(ops("history", "--phone", NUMBER, "--limit", "1").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--phone, --user-id"),
        (("--phone", "Mia"), "digits"),
        (("--user-id", "mia"), "US.1349"),
    ],
)
def test_a_customer_who_is_not_named_properly_is_refused_with_what_to_do(story, arguments, told):
    done = ops("export", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_numbers_and_ids_on_the_command_line_never_reach_a_log(story, caplog, capfd):
    with caplog.at_level(logging.INFO):
        ops("erase", "--phone", NUMBER, "--user-id", USER_ID, "--yes", "--wait", "0")
        story.world.run_for(1200)
    told = caplog.text + "".join(capfd.readouterr())
    assert NUMBER not in told
    assert USER_ID not in told
