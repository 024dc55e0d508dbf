"""botocore's own service models, and which operation a method and path belong to.

Loading the connect model takes tens of milliseconds and compiling its 405 operations more, so
models are loaded at the first call of a service and an operation is compiled at its first call.
"""

from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.loaders import create_loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel

from sandbox.wire.emulator import AwsError


class ServiceApi:
    """One service's model: its operations by name, by HTTP route and by X-Amz-Target."""

    def __init__(self, service: str) -> None:
        description: dict[str, Any] = create_loader().load_service_model(service, "service-2")
        self.service = service
        self.model = ServiceModel(description, service)
        self._raw_operations: dict[str, Any] = description["operations"]
        self._operations: dict[str, OperationModel] = {}
        self._routes: dict[tuple[str, int], list[tuple[list[str], str]]] = {}

    def operation(self, name: str) -> OperationModel:
        """The operation by its model name. Raises AwsError (UnknownOperationException)."""
        if name not in self._operations:
            try:
                self._operations[name] = self.model.operation_model(name)
            except OperationNotFoundError as missing:
                raise unknown_operation(self.service, name) from missing
        return self._operations[name]

    def route(self, method: str, path: str) -> str:
        """The operation name behind a method and a still encoded path. Raises AwsError."""
        segments = path.strip("/").split("/")
        if not self._routes:
            self._index_routes()
        candidates = self._routes.get((method, len(segments)), [])
        matches = [(template, name) for template, name in candidates if _fits(template, segments)]
        if not matches:
            raise unknown_operation(self.service, f"{method} {path}")
        return max(matches, key=lambda match: _literals(match[0]))[1]

    def _index_routes(self) -> None:
        for name, raw in self._raw_operations.items():
            template = uri_segments(raw["http"]["requestUri"])
            key = (raw["http"].get("method", "POST"), len(template))
            self._routes.setdefault(key, []).append((template, name))


@cache
def service_api(service: str) -> ServiceApi:
    """The model of one service, loaded once per process."""
    return ServiceApi(service)


def unknown_operation(service: str, name: str) -> AwsError:
    return AwsError("UnknownOperationException", f"{service} has no operation {name}", status=404)


def uri_segments(request_uri: str) -> list[str]:
    """`/contact/chat/{ContactId}?x` -> `["contact", "chat", "{ContactId}"]`."""
    return urlsplit(request_uri).path.strip("/").split("/")


def uri_values(request_uri: str, path: str) -> dict[str, str]:
    """The decoded values of the labels of a template in a path that fits it."""
    segments = path.strip("/").split("/")
    pairs = zip(uri_segments(request_uri), segments, strict=False)
    return {label[1:-1]: unquote(value) for label, value in pairs if _is_label(label)}


def _is_label(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _fits(template: list[str], segments: list[str]) -> bool:
    pairs = zip(template, segments, strict=True)
    return all(bool(have) if _is_label(want) else want == have for want, have in pairs)


def _literals(template: list[str]) -> tuple[bool, ...]:
    """Earlier literal segments win: `/contact/chat` before `/contact/{ContactId}`."""
    return tuple(not _is_label(segment) for segment in template)
