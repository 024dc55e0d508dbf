"""An HTTP request (rest-json, json, query protocol) -> the parameters a boto3 caller wrote."""

import base64
import binascii
import json
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from sandbox.wire.checks import check
from sandbox.wire.emulator import AwsError
from sandbox.wire.http import HttpRequest
from sandbox.wire.models import uri_values
from sandbox.wire.query import is_query, read_form


def read_params(
    operation: OperationModel, request: HttpRequest, any_form: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The validated parameters of a call, apart from the limits of those in `any_form`.

    Raises AwsError: SerializationException (unreadable), ValidationException (not acceptable).
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    try:
        read = read_form(operation, request) if is_query(operation) else None
        params = _read(operation, shape, request) if read is None else read
    except (ValueError, TypeError, AttributeError, binascii.Error) as unreadable:
        raise AwsError("SerializationException", str(unreadable)) from unreadable
    check(params, shape, operation.service_model.service_name, any_form)
    return params


def _read(operation: OperationModel, shape: StructureShape, request: HttpRequest) -> dict[str, Any]:
    located = {
        name: member for name, member in shape.members.items() if "location" in member.serialization
    }
    params = _body(shape, request)
    if located:
        labels = uri_values(operation.http["requestUri"], request.path)
        query = request.query
        for name, member in located.items():
            value = _located(name, member, labels, query, request.headers)
            if value is not None:
                params[name] = value
    return params


def _body(shape: StructureShape, request: HttpRequest) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        parsed = json.loads(request.body) if request.body else {}
        body: dict[str, Any] = from_json(parsed, shape)
        return {
            name: value
            for name, value in body.items()
            if "location" not in shape.members[name].serialization
        }
    member = shape.members[payload]
    if member.type_name in ("blob", "string"):
        return {payload: request.body if member.type_name == "blob" else request.body.decode()}
    return {payload: from_json(json.loads(request.body or b"{}"), member)}


def _located(
    name: str,
    member: Shape,
    labels: dict[str, str],
    query: dict[str, list[str]],
    headers: Any,
) -> Any:
    wire_name = member.serialization.get("name", name)
    location = member.serialization["location"]
    if location == "uri":
        return _from_text(labels[wire_name], member)
    if location == "header":
        value = headers.get(wire_name.lower())
        return None if value is None else _from_text(value, member)
    if location == "querystring" and wire_name in query:
        values = query[wire_name]
        if isinstance(member, ListShape):
            return [_from_text(value, member.member) for value in values]
        return _from_text(values[0], member)
    return None


def _from_text(value: str, shape: Shape) -> Any:
    """A value from a URI, query or header."""
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("float", "double"):
        return float(value)
    if shape.type_name == "boolean":
        return value.lower() == "true"
    if shape.type_name == "timestamp":
        return parse_timestamp(value)
    if isinstance(shape, ListShape):
        return [_from_text(part.strip(), shape.member) for part in value.split(",")]
    return value


def from_json(value: Any, shape: Shape) -> Any:
    """JSON -> boto3 shape. Members the model does not know are dropped, as AWS does."""
    if isinstance(shape, StructureShape):
        return value if shape.is_document_type else _structure(value, shape)
    if isinstance(shape, ListShape):
        return [from_json(item, shape.member) for item in value if item is not None]
    if isinstance(shape, MapShape):
        return {key: from_json(item, shape.value) for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "timestamp":
        return parse_timestamp(value)
    return value


def _structure(value: Any, shape: StructureShape) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, member in shape.members.items():
        item = value.get(member.serialization.get("name", name))
        if item is not None:
            read[name] = from_json(item, member)
    return read
