"""The query protocol, forms in and XML out, by moto's own parser and serializer."""

from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from botocore.model import OperationModel
from moto.core.parse import QueryParser
from moto.core.serialize import QuerySerializer, SerializationContext
from moto.core.utils import get_service_model

from sandbox.wire.http import HttpRequest, HttpResponse


def is_query(operation: OperationModel) -> bool:
    return bool(operation.service_model.metadata["protocol"] == "query")


def read_form(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    """The parameters of a call."""
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    return dict(QueryParser(_known_to_moto(operation)).parse({"values": form}))


def write_xml(operation: OperationModel, output: dict[str, Any]) -> HttpResponse:
    """The answer, in the service's own element."""
    context = SerializationContext(request_id=str(uuid4()))
    made = QuerySerializer(_known_to_moto(operation), context).serialize(output)
    body = made["body"]
    return HttpResponse(
        status=200,
        headers={"content-type": "text/xml"},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _known_to_moto(operation: OperationModel) -> Any:
    """The same operation in moto's reading of the model, which its parser asks for more."""
    service = operation.service_model.service_name
    return get_service_model(service).operation_model(operation.name)
