"""The rehearsal from start to end: `python -m infra rehearse`."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from infra import names, package
from infra.functions import FUNCTIONS
from infra.names import Names
from infra.rehearsal import conversation, dead_letters, deploy, furniture
from infra.rehearsal.local_aws import LocalAws, RehearsalProblem, chosen_port
from infra.rehearsal.operator import Operator
from infra.rehearsal.surroundings import Surroundings, flows_for
from infra.rehearsal.templates import LOCAL_SECONDS
from infra.settings import Stage

PYTHON = package.ROOT / ".venv-rehearsal" / "bin" / "python"
FOLDER = package.BUILD / "rehearsal"
LOCAL = ("SQS", "SNS", "DYNAMODB", "S3", "SECRETS_MANAGER")
PLAYED = ("CONNECT", "CONNECTPARTICIPANT", "SOCIALMESSAGING")
IDLE_SECONDS = 60


def rehearse(stage: Stage, settings: Path, assembly: Path, say: Callable[[str], None]) -> None:
    """`settings`: the file of the stage. Raises RehearsalProblem with what to do about it."""
    _require(assembly, stage)
    FOLDER.mkdir(parents=True, exist_ok=True)
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    flows = flows_for(
        stage.name,
        package.ROOT / "contact_flows",
        FOLDER / "contact_flows",
        region=stage.region,
        account=stage.account,
    )
    started = time.monotonic()
    port, log = chosen_port(), FOLDER / "ministack.log"
    with LocalAws(PYTHON, port=port, account=stage.account, region=stage.region, log=log) as aws:
        say(f"local AWS at {aws.url} (log: {log.relative_to(package.ROOT)})")
        topics = {topic: at.topic_arn(topic) for topic in names.TOPICS}
        with Surroundings(aws, flows, topics) as around:
            say(f"Amazon Connect, WhatsApp and OpenAI, played by the sandbox, at {around.url}")
            queues = furniture.furnish(around.world, assembly, stage)
            _deploy(aws, stage, assembly, around, say)
            furniture.publish(around.world, around.url, stage, flows, say)
            _start_functions(aws, at, say)
            say("the conversation:")
            conversation.hold(around, queues, say)
            pair = conversation.hold_second(around, queues, say)
            say("dead letters, and an operator:")
            operator = partial(Operator, aws, stage.name, settings, FOLDER)
            dead_letters.hold(dead_letters.Queues(aws, at), around, pair, operator, say)
            _settled(aws, at, say)
    say(f"rehearsed in {time.monotonic() - started:.0f} s; everything is taken down")


def _require(assembly: Path, stage: Stage) -> None:
    if not PYTHON.exists():
        raise RehearsalProblem("no .venv-rehearsal: run `make rehearse`, which makes it")
    if not (assembly / f"{stage.prefix}-messaging.template.json").exists():
        raise RehearsalProblem(f"no templates of stage {stage.name}: run `make synth` first")


def _deploy(
    aws: LocalAws, stage: Stage, assembly: Path, around: Surroundings, say: Callable[[str], None]
) -> None:
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    aws.client("secretsmanager").create_secret(
        Name=at.secret(names.AI_KEY), SecretString="rehearsal"
    )
    started = time.monotonic()
    done = deploy.deploy(
        aws,
        assembly,
        stage.prefix,
        imports=furniture.exports(around.world, stage),
        environment=_environment(aws, around.url),
    )
    say(f"deployed {done.resources} resources in {time.monotonic() - started:.0f} s")
    whole = deploy.not_deployed(assembly, stage.prefix)
    say(f"left out whole, another region or an option: {', '.join(whole)}")
    say(f"left out, the local AWS does not know them ({len(done.left_out)}):")
    for line in done.left_out:
        say(f"  {line}")
    say(f"pointed at this machine ({len(done.changed)} functions): {', '.join(done.pointed)}")
    say(f"time-outs of functions: {LOCAL_SECONDS} s, the local AWS counts their start")
    say("not played here: KMS encryption, IAM decisions, X-Ray, alarms, CloudWatch metrics")


def _start_functions(aws: LocalAws, at: Names, say: Callable[[str], None]) -> None:
    """Each function starts and answers an empty event; a flow's limit of 8 s is for warm ones."""
    client = aws.client("lambda")
    health: dict[str, Any] = {
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "body": None,
    }
    health |= {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    health |= {"pathParameters": None, "stageVariables": None, "isBase64Encoded": False}
    context = {"resourcePath": "/api/health", "httpMethod": "GET", "path": "/api/health"}
    asked = {
        "Details": {"Parameters": {"voiceNoteId": "none"}, "ContactData": {"ContactId": "none"}}
    }
    for function in FUNCTIONS:
        event: dict[str, Any] = {"Records": []} if function.sources else asked
        if function.name == "api":
            event = {**health, "path": "/api/health", "requestContext": context}
        started = time.monotonic()
        answer = client.invoke(
            FunctionName=at.function(function.name), Payload=json.dumps(event).encode()
        )
        body = answer["Payload"].read().decode()
        if answer.get("FunctionError") or '"statusCode": 5' in body:
            raise RehearsalProblem(f"{function.name} does not start: {body[:800]}")
        say(f"  {function.name} starts in {time.monotonic() - started:.1f} s")


def _environment(aws: LocalAws, played: str) -> dict[str, str]:
    return {
        **{f"AWS_ENDPOINT_URL_{service}": aws.url for service in LOCAL},
        **{f"AWS_ENDPOINT_URL_{service}": played for service in PLAYED},
        "OPENAI_BASE_URL": f"{played}/v1",
        # The offline recogniser gives its confidence to models that have logprobs.
        "TRANSCRIPTION_MODELS": "gpt-4o-transcribe",
    }


def _settled(aws: LocalAws, at: Names, say: Callable[[str], None]) -> None:
    """At the end every queue is empty."""
    sqs = aws.client("sqs")
    waiting = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    until = time.monotonic() + IDLE_SECONDS
    left: dict[str, int] = {}
    while time.monotonic() < until:
        left = {}
        for queue in (*names.WORK_QUEUES, *names.LETTERS):
            url = sqs.get_queue_url(QueueName=at.queue(queue))["QueueUrl"]
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(waiting))
            left[queue] = sum(int(told["Attributes"][name]) for name in waiting)
        if not any(left.values()):
            break
        time.sleep(0.5)
    still = {queue: count for queue, count in left.items() if count}
    if still:
        raise RehearsalProblem(f"queues are not empty at the end: {still}")
    say(f"all {len(left)} queues are empty")
    _remembered(aws, at, say)


def _remembered(aws: LocalAws, at: Names, say: Callable[[str], None]) -> None:
    """What the tables must hold: the history, delivered replies, the end of Mia's chat."""
    dynamodb = aws.client("dynamodb")
    history = dynamodb.scan(TableName=at.messages)["Items"]
    conversations = dynamodb.scan(TableName=at.conversations)["Items"]
    reached = [one for one in history if one.get("status", {}).get("S") in ("delivered", "read")]
    ended = [one for one in conversations if "ended" in one]
    found = {"messages": history, "delivered replies": reached, "ended chats": ended}
    missing = [name for name, items in found.items() if not items]
    if missing:
        raise RehearsalProblem(f"the tables hold no {', no '.join(missing)}")
    say(f"in the tables: {', '.join(f'{len(items)} {name}' for name, items in found.items())}")
