"""The sandbox as a process of its own: every service on one port, for other processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner

from chalicelib.settings import Settings
from infra.names import ALARMS, TOPICS
from sandbox import up
from sandbox.__main__ import app
from tests.scenarios.over_http import WITHIN_S, ask

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def process():
    """The command as a process of its own: the environment it prints."""
    command = [sys.executable, "-m", "sandbox", "up", "--port", "0"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    printed = {}
    for line in running.stdout:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            printed[name] = value.strip("'")
        if line.startswith("# e.g."):
            break
    yield printed
    running.terminate()
    assert running.wait(WITHIN_S) == 0


def client(printed, service):
    return boto3.client(
        service,
        endpoint_url=printed["AWS_ENDPOINT_URL"],
        region_name=printed["AWS_DEFAULT_REGION"],
        aws_access_key_id=printed["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=printed["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_every_service_answers_on_one_port(process):
    assert client(process, "sqs").list_queues()["QueueUrls"]
    assert set(client(process, "dynamodb").list_tables()["TableNames"]) == {
        process["DYNAMODB_TABLE_CONVERSATIONS"],
        process["DYNAMODB_TABLE_MESSAGES"],
    }
    buckets = client(process, "s3").list_buckets()["Buckets"]
    assert [one["Name"] for one in buckets] == [process["S3_BUCKET_MEDIA"]]
    topics = client(process, "sns").list_topics()["Topics"]
    assert {one["TopicArn"].rpartition(":")[2] for one in topics} == {*TOPICS, ALARMS}
    assert client(process, "secretsmanager").list_secrets()["SecretList"] == []
    assert client(process, "socialmessaging").list_linked_whatsapp_business_accounts()
    flow = client(process, "connect").describe_contact_flow(
        InstanceId=process["CONNECT_INSTANCE_ID"], ContactFlowId=process["CONNECT_CONTACT_FLOW_ID"]
    )
    assert flow["ContactFlow"]["Name"] == "whatsapp_inbound"


def test_a_chat_is_opened_and_joined_from_outside(process):
    started = client(process, "connect").start_chat_contact(
        InstanceId=process["CONNECT_INSTANCE_ID"],
        ContactFlowId=process["CONNECT_CONTACT_FLOW_ID"],
        ParticipantDetails={"DisplayName": "Mia"},
    )
    participant = client(process, "connectparticipant")
    joined = participant.create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=started["ParticipantToken"]
    )
    sent = participant.send_message(
        ContentType="text/plain",
        Content="Hello",
        ConnectionToken=joined["ConnectionCredentials"]["ConnectionToken"],
    )
    assert sent["Id"]


def test_without_puente_what_customers_write_waits_in_the_queue(process):
    ask(process["AWS_ENDPOINT_URL"], "phones", {"name": "Mia", "number": "15550100001"})
    ask(process["AWS_ENDPOINT_URL"], "phones/15550100001/text", {"text": "Hello"})
    sqs = client(process, "sqs")
    url = sqs.get_queue_url(QueueName="whatsapp-events")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "whatsAppWebhookEntry" in message["Body"]


def test_the_printed_settings_are_complete(process):
    assert Settings.from_environment(process).aws_region == process["AWS_REGION"]


def test_a_taken_port_is_one_clear_sentence():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = CliRunner().invoke(app, ["up", "--port", str(port)])
    assert done.exit_code == 2
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_exports_survive_a_shell():
    printed = up.exports({"NAME": "it's; rm"}, lambda value: f"<{value}>")
    assert printed == "export NAME=<it's; rm>"
    assert "AWS_ENDPOINT_URL" not in os.environ


@pytest.mark.deep
def test_the_doctor_of_another_process_raises_no_false_alarm(process):
    """SA-57: `sandbox up` is furnished as a deployment is; only the salt is a laptop's."""
    asked = subprocess.run(
        [sys.executable, "-m", "ops", "doctor", "--production", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **process},
    )
    assert asked.returncode == 0, asked.stderr
    told = {one["check"]: one["state"] for one in json.loads(asked.stdout)}
    alarmed = {name for name, state in told.items() if state in ("warning", "failed")}
    assert alarmed - {"agents"} == {"salt"}  # the customer of another test may wait
