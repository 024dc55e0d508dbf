"""botocore, without what it works out anew for each call although it never changes.

Only settings and parts that botocore has a place for; what goes over the wire differs in its
User-Agent alone (`tests/gateways/test_sdk.py`). The gains are those of one text, five calls.
"""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import MapShape, StructureShape
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory
from botocore.serialize import SERIALIZERS, JSONSerializer
from botocore.session import Session

from chalicelib.gateways.straight import go_straight

RULES = "endpoint-rule-set-1"  # what botocore calls the rules for a service's addresses
ONE_ADDRESS = frozenset(("sqs", "dynamodb", "connectparticipant", "socialmessaging"))
"""The services of the text path: one address a region, whatever a call says."""
OTHER_ADDRESSES = ("use_fips_endpoint", "use_dualstack_endpoint")


class QuietLoader(Loader):
    """botocore's data files, without address rules for services that need none.

    Without rules botocore looks the address up once a client, in its table of regions ("legacy
    endpoint routing", `botocore.client`). The rules give the same address but are gone through at
    each call, 0.16 ms of 1.4, and are read and parsed at each start.
    """

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> object:
        if type_name == RULES and service_name in ONE_ADDRESS:
            raise UnknownServiceError(service_name=service_name, known_service_names="not needed")
        return super().load_service_model(service_name, type_name, api_version)


class PlainValues(JSONParser):
    """Reads DynamoDB's texts and numbers as they came: `{"S": "a"}` means the same in botocore.

    botocore asks for each value which of the ten kinds it has and whether it is exactly one, on a
    copy: 10 microseconds an attribute, 0.07 ms of 1.1 for a conversation.
    """

    def _handle_structure(self, shape: StructureShape, value: Any) -> Any:
        if shape.name == "AttributeValue" and value and ("S" in value or "N" in value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]

    def _handle_map(self, shape: MapShape, value: Any) -> Any:
        """An item, whose names need no reading."""
        if shape.value.name != "AttributeValue":
            return super()._handle_map(shape, value)  # type: ignore[misc]
        one: Any = shape.value
        return {name: self._handle_structure(one, each) for name, each in value.items()}


class Parsers(ResponseParserFactory):
    """botocore's parsers of answers, ours among them."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        if protocol_name == "json":
            return PlainValues(**self._defaults)  # type: ignore[attr-defined]
        return super().create_parser(protocol_name)


class PlainItems(JSONSerializer):
    """Writes DynamoDB's texts and numbers as they are, as `PlainValues` reads them.

    botocore copies each attribute in five steps, by the name of its kind.
    """

    def _serialize(
        self, serialized: dict[str, Any], value: Any, shape: Any, key: str | None = None
    ) -> None:
        if shape.type_name == "string":
            serialized[key] = value  # type: ignore[index]
        else:
            super()._serialize(serialized, value, shape, key)  # type: ignore[misc]

    def _serialize_type_map(
        self, serialized: dict[str, Any], value: Mapping[str, Any], shape: Any, key: str
    ) -> None:
        if shape.value.name != "AttributeValue":
            super()._serialize_type_map(serialized, value, shape, key)  # type: ignore[misc]
            return
        item: dict[str, Any] = {}
        serialized[key] = item
        for name, one in value.items():
            if "S" in one or "N" in one:
                item[name] = one
            else:
                self._serialize(item, one, shape.value, name)


SERIALIZERS["json"] = PlainItems  # type: ignore[assignment]


def session() -> Session:
    """The session that all our clients come from."""
    made = Session()
    if not _wants_other_addresses(made):
        paths = made.get_component("data_loader").search_paths
        made.register_component(
            "data_loader", QuietLoader(paths, include_default_search_paths=False)
        )
    made.register_component("response_parser_factory", Parsers())
    return made


def client(made: Session, service: str, region: str, config: Config) -> Any:
    """A client of the session; those of the text path go the straight way. `config` says how often
    a call is tried (`total_max_attempts`)."""
    built = made.create_client(service, region_name=region, config=config)
    if service in ONE_ADDRESS and not _wants_other_addresses(made):
        protocol = built.meta.service_model.resolved_protocol
        parsers = made.get_component("response_parser_factory")
        go_straight(built, parsers.create_parser(protocol))
    return built


def user_agent(made: Session) -> Config:
    """Who we are, as one text. botocore's own has what each call made use of, for AWS's statistics,
    and is put together twice a call: 0.07 ms of 1.4."""
    return Config(user_agent=f"Puente {made.user_agent()}")


def _wants_other_addresses(made: Session) -> bool:
    """FIPS, dual-stack, account-based and discovered addresses need botocore's whole way."""
    if made.get_config_variable("account_id_endpoint_mode") == "required":
        return True
    if made.get_config_variable("endpoint_discovery_enabled") != "auto":
        return True
    return any(made.get_config_variable(name) for name in OTHER_ADDRESSES)
