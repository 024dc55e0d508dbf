"""Any story of a customer, an agent, time and trouble, as rules that hypothesis puts in any order.

What they wrote is kept by `Reference`; after the last step everything comes to rest, an operator
sends again what was parked, and what the desks and the phone show is held against it. What no
program can do better (protocol, sections 2 and 8) has to be marked, told, or with the operator.
"""

import random
from contextlib import contextmanager
from functools import wraps

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typer.testing import CliRunner

from chalicelib.whatsapp.limits import TEXT
from chalicelib.whatsapp.split import split
from ops.__main__ import app as operator
from sandbox.amazon_connect.switches import TokenMemory
from sandbox.desk import NobodyWaitsError
from sandbox.faults import Action
from sandbox.topics import Noise
from sandbox.whatsapp.account import BusinessNumber
from sandbox.whatsapp.meta_errors import MetaError
from tests.stories import screens
from tests.stories.reference import Reference
from tests.stories.verdict import Verdict

SECOND = BusinessNumber(meta_id="106540352242999", key="b" * 32, number="15550100300")
NOISE = Noise(duplicate_rate=0.6, duplicate_s=900, reorder_rate=0.5, reorder_s=2.0)
DAY_S = 25 * 3600
SETTLED_S = 400  # longer than the last of the further sends that Meta's refusals cause
REST_S = 2500  # longer than the last repeat, the slowest back-off and the longest lease
SERVICES = [
    "dynamodb",
    "sqs",
    "connect",
    "connectparticipant",
    "socialmessaging",
    "s3",
    "http:s3",
    "http:attachments",
    "http:openai",
]
KILLS = [Action.KILL_BEFORE, Action.KILL_AFTER]
HARD = [*KILLS, Action.TIMEOUT_AFTER, Action.TIMEOUT_BEFORE]
PASSING = sorted({*Action} - {*KILLS, Action.OK, Action.VALIDATION, Action.CONFLICT})
# What Meta says of a message it accepted: for good, and for now (sent again by us).
REFUSALS = {"unreachable": 131026, "unknown": 131000, "busy": 130429}
SENT = ["text", "three texts", "four texts in one event", "voice note", "photo"]
SENT += ["photo with words", "document"]
ANSWERED = ["text", "three messages long", "file"]
ENDS = ["agent", "flow", "both at once", "idle", "handed over", "handed over and ended"]
IN_CHATS = ["SendMessage", "StartAttachmentUpload", "CompleteAttachmentUpload", "SendEvent"]
SOON = st.sampled_from([0, 0, 1, 5])
MOST_DAYS = 2


def prepare(world):
    """A business with two numbers."""
    world.network.account.numbers.append(SECOND)


def step(**given):
    """A rule that is also written down as told, for who reads a failure."""

    def tells(function):
        @wraps(function)
        def told(self, *positional, **drawn):
            told = (*map(repr, positional), *(f"{name}={value!r}" for name, value in drawn.items()))
            self.told.append(f"{function.__name__}({', '.join(told)})")
            return function(self, *positional, **drawn)

        return rule(**given)(told)

    return tells


class Line:
    """One number of the business, as customer and agents use it."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.customer, self.agent = Reference(), Reference()


class Story(Verdict, RuleBasedStateMachine):
    """`trouble`: what was done to the product; `slack_s`: how far apart messages may be written
    and still reach their queue in another order."""

    stages = None

    def __init__(self):
        super().__init__()
        self.stage = self.stages.take()
        self.world, self.phone = self.stage.world, self.stage.phone
        self.lines = [Line("a", self.world.number), Line("b", SECOND)]
        self.line = self.lines[0]
        self.count, self.slack_s = 0, NOISE.reorder_s
        self.trouble, self.refused = [], {}
        self.statuses, self.redriven, self.days = {"soon"}, [], 0
        self.told, self.line_of, self.whole = [], {}, {}

    @initialize(
        seed=st.integers(min_value=0, max_value=999),
        talking=st.booleans(),
        memory=st.sampled_from([TokenMemory.FIVE_MINUTES, TokenMemory.SEVEN_DAYS]),
    )
    def everything_comes_in_its_own_disorder(self, seed, talking, memory):
        """Nobody knows for how long Connect remembers the token of a message: minutes, we hope."""
        self.told.append(f"seed {seed}{', talking' * talking}, {memory.name}")
        self.world.switches.token_memory_of = dict.fromkeys(IN_CHATS, memory)
        self.chance = random.Random(seed)
        self.world.topics.noise, self.world.topics.chance = NOISE, self.chance
        if talking:
            self._customer_writes(1)
            self.world.run_for(5)
            self._taken()
        self.world.router.faults.arm()

    # --- people -----------------------------------------------------------------------------

    @step(what=st.sampled_from(SENT), then_s=SOON)
    def customer_sends(self, what, then_s=0):
        if what == "four texts in one event":
            with self._in_one_event():
                self._customer_writes(4)
        elif what == "voice note":
            number = self._number()
            self.line.customer.wrote[f"card {number}"] = self._now()
            self.line.customer.wrote[f"sound {number}"] = self._now()
            self.phone.sends_voice_note(screens.voice_note(number), "audio/wav")
        elif what == "document":
            number = self._number_of_a_new("document", self.line.customer)
            name = f"paper {number}.pdf"
            self.phone.sends("document", media=screens.document(number), filename=name)
        elif what.startswith("photo"):
            number = self._number_of_a_new("photo", self.line.customer)
            words = {"caption": self._new("text", self.line.customer)} if "words" in what else {}
            self.phone.sends("image", media=screens.photo(number), **words)
        else:
            self._customer_writes(3 if what == "three texts" else 1)
        self.world.run_for(then_s)

    def _customer_writes(self, times):
        """A second apart, and faster than anything reacts."""
        for number in range(times):
            self.world.clock.advance(1 if number else 0)
            self.phone.says(self._new("text", self.line.customer))

    @step(what=st.sampled_from(ANSWERED), then_s=SOON)
    def agent_sends(self, what, then_s):
        for chat in self._taken():
            reference = self._line_of(chat).agent
            if what == "file":
                number = self._number_of_a_new("document", reference)
                body = screens.document(number)
                name = f"document {number}.pdf"
                self.stage.agent.attach(name, "application/pdf", body, chat=chat)
            else:
                words = self._new("answer", reference)
                if what == "three messages long":
                    at = reference.wrote.pop(words)
                    words = " ".join([words, *(f"{self.count}.{n}" for n in range(1500))])
                    reference.wrote |= dict.fromkeys(split(words, TEXT), at)
                    self.whole |= dict.fromkeys(split(words, TEXT), words)
                self.stage.agent.say(words, chat=chat)
        self.world.run_for(then_s)

    @step(how=st.sampled_from(ENDS), then_s=SOON)
    def the_chat_ends(self, how, then_s):
        """Or only its contact does: handed over, the ContactId changes and the chat stays."""
        for chat in self._taken():
            if how.startswith("handed over"):
                self.stage.agent.transfer("Billing", chat=chat)
                self._taken()
            if how == "idle":
                self.world.desk.auto_disconnect(chat)
            if how in ("agent", "both at once", "handed over and ended"):
                self.stage.agent.end(chat)
            if how in ("flow", "both at once"):
                self.world.chats.end(chat, "CONTACT_FLOW_DISCONNECT")
        self.world.run_for(then_s)

    @step()
    def customer_writes_to_the_other_number_from_now_on(self):
        self.line = self.lines[1 - self.lines.index(self.line)]
        self.phone.writes_to(self.line.number)

    # --- time, WhatsApp, trouble ------------------------------------------------------------

    @step(seconds=st.sampled_from([70, 400, DAY_S]))
    def time_passes(self, seconds):
        """In a day the window of the customer's last message closes, and tokens expire."""
        self.world.run_for(seconds if self.days < MOST_DAYS else min(seconds, 400))
        self.days += seconds == DAY_S

    @step(
        statuses=st.sampled_from(["soon", "late", "never"]),
        names=st.sampled_from(["number", "number and user id"]),
    )
    def from_now_on_whatsapp_tells(self, statuses, names):
        self.statuses.add(statuses)
        self.world.network.switches.statuses = statuses
        self.world.network.switches.user_ids = names != "number"

    @precondition(lambda self: "never" not in self.statuses)
    @step(why=st.sampled_from(sorted(REFUSALS)))
    def whatsapp_refuses_the_next_answer(self, why):
        self.world.network.refusals.append(MetaError(REFUSALS[why], why))
        self.refused[why] = self.refused.get(why, 0) + 1
        # Sent again, up to six minutes later, past what was said meanwhile.
        if why != "unreachable":
            self.slack_s += SETTLED_S

    @step(back=st.integers(min_value=0, max_value=4), which=st.integers(min_value=0, max_value=2))
    def an_old_status_comes_again(self, back, which):
        told = [one for one in self.world.network.sent if one.statuses and self._ours(one)]
        for one in told[::-1][back : back + 1]:
            if "failed" not in one.statuses:
                status = one.statuses[which % len(one.statuses)]
                self.world.network.status(one, status, self.phone)

    @precondition(lambda self: len(self.trouble) < 5)
    @step(call=st.integers(min_value=0, max_value=14), action=st.sampled_from([*KILLS, *PASSING]))
    def one_of_the_next_calls_goes_wrong(self, call, action):
        self._goes_wrong(call, action)

    @precondition(lambda self: len(self.trouble) < 5)
    @step(call=st.integers(min_value=0, max_value=14))
    def one_of_the_next_calls_is_refused_for_good(self, call):
        self._goes_wrong(call, Action.VALIDATION)

    def _goes_wrong(self, call, action):
        left = iter(range(call, -1, -1))
        self.world.router.faults.when(lambda _: next(left, 1) == 0, action, times=1)
        self.trouble.append(action)
        self.slack_s += 200

    @precondition(lambda self: len(self.trouble) < 5)
    @step(
        service=st.sampled_from(SERVICES),
        seconds=st.sampled_from([20, 200, 900]),
        action=st.sampled_from(PASSING),
    )
    def a_service_refuses_for_a_while(self, service, seconds, action):
        until = self._now() + seconds
        self.world.router.faults.when(
            lambda call: call.service == service and call.at.timestamp() < until, action
        )
        self.trouble.append(f"{service} {action}")
        self.slack_s += seconds + 200

    @step()
    def an_operator_sends_again_what_was_parked(self):
        if not self.stage.dead_letters():
            return
        self.redriven += [str(letter) for letter in self.stage.dead_letters()]
        with self._undisturbed():
            result = CliRunner().invoke(operator, ["dlq", "redrive", "--all"])
        assert result.exit_code == 0, result.output

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def never_two_live_chats_of_a_number(self):
        names = [self._line_of(chat).name for chat in self._live()]
        # One whose record was refused for good is stopped a moment later (protocol 4.4).
        if Action.VALIDATION not in self.trouble:
            assert len(set(names)) == len(names), "\n".join(["two live chats", *self.seen()])

    def teardown(self):
        try:
            self._comes_to_rest()
            problems = self.problems()
            assert not problems, "\n".join(["", *problems, *self.seen()])
        except BaseException:
            self.stages.discard()
            raise
        finally:
            self.world.router.faults.clear()
            self.world.network.refusals.clear()
            self.world.network.switches.user_ids = True
            self.world.network.switches.statuses = "soon"
            self.stage.collect_dead_letters()
        self.stage.all_over()

    def _comes_to_rest(self):
        """Agents take who waits, or their flow would go on talking."""
        self.world.run_for(REST_S)
        self.world.router.faults.clear()
        self.world.network.refusals.clear()
        self._taken()
        self.world.run_for(SETTLED_S)
        for _ in range(2):
            if self.stage.dead_letters():
                self.an_operator_sends_again_what_was_parked()
                self.world.run_for(REST_S)

    # --- small words ------------------------------------------------------------------------

    def _new(self, kind, reference):
        return f"{kind} {self._number_of_a_new(kind, reference)}"

    def _number_of_a_new(self, kind, reference):
        number = self._number()
        reference.wrote[f"{kind} {number}"] = self._now()
        return number

    def _number(self):
        self.count += 1
        return self.count

    def _now(self):
        return self.world.clock.now().timestamp()

    def _live(self):
        return [chat for chat in self.stage.chats() if not chat.is_over]

    def _taken(self):
        """The chats an agent is in, after taking those that wait."""
        try:
            while True:
                self.stage.agent.accept()
        except NobodyWaitsError:
            ours = self.stage.chats()
            return [chat for chat in self.stage.agent.active if chat in ours and not chat.is_over]

    @contextmanager
    def _in_one_event(self):
        network, entries = self.world.network, []
        network.publish = entries.append
        try:
            yield
        finally:
            del network.publish
        messages = [
            message
            for entry in entries
            for change in entry["changes"]
            for message in change["value"]["messages"]
        ]
        entries[0]["changes"][0]["value"]["messages"] = messages
        network.publish(entries[0])


class Hurried(Story):
    """More agents' words, more ends, and trouble mostly where they meet."""

    @precondition(lambda self: len(self.trouble) < 5)
    @step(call=st.integers(min_value=0, max_value=5), action=st.sampled_from(HARD))
    def an_answer_is_in_trouble(self, call, action):
        self._goes_wrong(call, action)
        self.agent_sends("text", 1)

    @precondition(lambda self: len(self.trouble) < 5)
    @step(
        what=st.sampled_from(SENT),
        call=st.integers(min_value=1, max_value=9),
        action=st.sampled_from(HARD),
        how=st.sampled_from(ENDS),
    )
    def a_message_is_in_trouble_and_the_chat_ends(self, what, call, action, how):
        self._goes_wrong(call, action)
        self.customer_sends(what)
        self.the_chat_ends(how, 1)
