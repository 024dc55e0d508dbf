"""SNS for other processes: moto answers, and what is published on our topics is delivered.

In the sandbox's own process nobody publishes through a client; over HTTP somebody may.
"""

from urllib.parse import parse_qs

from sandbox.moto_services import MotoServices
from sandbox.topics import Topics
from sandbox.wire import HttpRequest, HttpResponse


class SnsBridge(MotoServices):
    """moto's services, with the sandbox's topics behind `sns.Publish`."""

    def __init__(self, topics: Topics, arns: tuple[str, ...]) -> None:
        self._topics = topics
        self._arns = arns

    def respond(self, service: str, request: HttpRequest) -> HttpResponse:
        """Ask moto; a publish it accepted goes to our subscribers."""
        answer = super().respond(service, request)
        if service == "sns" and answer.status < 300:
            self._deliver(parse_qs(request.body.decode(), keep_blank_values=True))
        return answer

    def _deliver(self, form: dict[str, list[str]]) -> None:
        topic = form.get("TopicArn", [""])[0]
        if form.get("Action") == ["Publish"] and topic in self._arns:
            self._topics.publish(topic, form["Message"][0], _attributes(form))


def _attributes(form: dict[str, list[str]]) -> dict[str, str]:
    """MessageAttributes.entry.N.Name and .Value.StringValue, as the query protocol writes them."""
    found = {}
    number = 1
    while name := form.get(f"MessageAttributes.entry.{number}.Name"):
        value = form.get(f"MessageAttributes.entry.{number}.Value.StringValue", [""])
        found[name[0]] = value[0]
        number += 1
    return found
