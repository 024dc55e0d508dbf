"""A boto3-shaped output, or a refusal -> the HTTP answer a real client understands."""

import base64
import json
from datetime import datetime
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.serialize import create_serializer

from sandbox.wire.emulator import AwsError
from sandbox.wire.http import HttpResponse
from sandbox.wire.models import ServiceApi, service_api
from sandbox.wire.query import is_query, write_xml

_TIMES: Any = create_serializer("rest-json", include_validation=False)


class EmulatorMistake(Exception):
    """An emulator answered something its service's model does not know; fix the emulator."""


def answer(operation: OperationModel, output: dict[str, Any]) -> HttpResponse:
    """Serialize an output. Raises EmulatorMistake naming what the model does not know."""
    if is_query(operation):
        return write_xml(operation, output)
    shape = operation.output_shape
    headers = {"x-amzn-requestid": str(uuid4()), "content-type": _content_type(operation)}
    status = int(operation.http.get("responseCode", 200))
    if shape is None:
        return HttpResponse(status=status, headers=headers, body=b"{}")
    where = f"{operation.service_model.service_name}.{operation.name}"
    body = dict(output)
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location and name in body:
            value = body.pop(name)
            if location == "statusCode":
                status = int(value)
            else:
                headers[member.serialization.get("name", name).lower()] = _to_text(value, member)
    return HttpResponse(status=status, headers=headers, body=_body(body, shape, where))


def refusal(service: str, error: AwsError) -> HttpResponse:
    """Serialize an error in the protocol of `service`, so that clients raise their typed class."""
    api = service_api(service)
    protocol = str(api.model.resolved_protocol)
    shape = _error_shape(api, error.code)
    status = error.status or (shape and shape.metadata["error"].get("httpStatusCode")) or 400
    if protocol in ("query", "rest-xml"):
        return _xml_refusal(error, status, wrapped=protocol == "query")
    code = str(shape.metadata["error"].get("code", error.code)) if shape else error.code
    headers = {
        "x-amzn-requestid": str(uuid4()),
        "x-amzn-errortype": error.code,
        "content-type": f"application/x-amz-json-{api.model.metadata.get('jsonVersion', '1.1')}",
    }
    if "awsQueryCompatible" in api.model.metadata:
        headers["x-amzn-query-error"] = f"{code};{'Receiver' if status >= 500 else 'Sender'}"
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    extra = {name: _plain(value) for name, value in error.extra.items()}
    payload = json.dumps(body | extra).encode()
    return HttpResponse(status=status, headers=headers, body=payload, error=error.code)


def _error_shape(api: ServiceApi, code: str) -> Shape | None:
    for shape in api.model.error_shapes:
        declared = shape.metadata.setdefault("error", {})
        if code in (shape.name, declared.get("code")):
            return shape
    return None


def _xml_refusal(error: AwsError, status: int, *, wrapped: bool) -> HttpResponse:
    """S3 (rest-xml) answers a bare Error element, SNS (query) wraps it."""
    request_id = str(uuid4())
    facts = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    xml = (
        f"<ErrorResponse><Error><Type>Sender</Type>{facts}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        if wrapped
        else f"<Error>{facts}<RequestId>{request_id}</RequestId></Error>"
    )
    headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
    return HttpResponse(status=status, headers=headers, body=xml.encode(), error=error.code)


def _content_type(operation: OperationModel) -> str:
    metadata = operation.service_model.metadata
    if metadata["protocol"] == "json":
        return f"application/x-amz-json-{metadata['jsonVersion']}"
    return "application/json"


def _body(body: dict[str, Any], shape: StructureShape, where: str) -> bytes:
    payload = shape.serialization.get("payload")
    if payload is None:
        return json.dumps(to_json(body, shape, where)).encode()
    value, member = body.get(payload), shape.members[payload]
    if member.type_name in ("blob", "string"):
        return value.encode() if isinstance(value, str) else bytes(value or b"")
    return json.dumps(to_json(value or {}, member, where)).encode()


def to_json(value: Any, shape: Shape, where: str) -> Any:
    """boto3 shape -> JSON. Raises EmulatorMistake for a member or type the model does not know."""
    if isinstance(shape, StructureShape):
        return value if shape.is_document_type else _structure(value, shape, where)
    if isinstance(shape, ListShape):
        return [to_json(item, shape.member, where) for item in _typed(value, list | tuple, where)]
    if isinstance(shape, MapShape):
        return {
            key: to_json(item, shape.value, f"{where}.{key}")
            for key, item in _typed(value, dict, where).items()
        }
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if shape.type_name == "timestamp":
        kind = shape.serialization.get("timestampFormat", "unixTimestamp")
        return _TIMES._convert_timestamp_to_str(value, kind)
    return _scalar(value, shape, where)


def _structure(value: Any, shape: StructureShape, where: str) -> dict[str, Any]:
    unknown = set(_typed(value, dict, where)) - set(shape.members)
    if unknown:
        raise EmulatorMistake(f"{where}: the model does not know {sorted(unknown)}")
    return {
        shape.members[name].serialization.get("name", name): to_json(
            item, shape.members[name], f"{where}.{name}"
        )
        for name, item in value.items()
        if item is not None
    }


_SCALARS: dict[str, Any] = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": int | float,
    "double": int | float,
}


def _scalar(value: Any, shape: Shape, where: str) -> Any:
    return _typed(value, _SCALARS[shape.type_name], where)


def _typed(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise EmulatorMistake(f"{where}: {type(value).__name__} where the model wants {kind}")
    return value


def _to_text(value: Any, shape: Shape) -> str:
    if shape.type_name == "timestamp":
        kind = shape.serialization.get("timestampFormat", "rfc822")
        return str(_TIMES._convert_timestamp_to_str(value, kind))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value
