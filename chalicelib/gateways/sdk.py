"""botocore, without what it works out anew for each call although it never changes.

Only settings and parts that botocore offers for it; what goes over the wire differs in its
User-Agent alone (`tests/gateways/test_sdk.py`). The gains are those of one text, five calls.
"""

from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session

RULES = "endpoint-rule-set-1"  # what botocore calls the rules for a service's addresses
ONE_ADDRESS = frozenset(("sqs", "dynamodb", "connectparticipant", "socialmessaging"))
"""The services of the text path: one address a region, whatever a call says."""
SIGNED = ("dynamodb", "socialmessaging", "sqs")  # those of them that are
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


def session() -> Session:
    """The session that all our clients come from."""
    made = Session()
    if not _wants_other_addresses(made):
        paths = made.get_component("data_loader").search_paths
        made.register_component(
            "data_loader", QuietLoader(paths, include_default_search_paths=False)
        )
        for service in SIGNED:
            made.register(f"before-call.{service}", _name_host)
    return made


def user_agent(made: Session) -> Config:
    """Who we are, as one text. botocore's own has what each call made use of, for AWS's statistics,
    and is put together twice a call: 0.07 ms of 1.4."""
    return Config(user_agent=f"Puente {made.user_agent()}")


def _name_host(**call: Any) -> None:
    """The header that the HTTP client would add at the end. It is signed, and botocore takes the
    URL apart for it twice a call as long as it is not there: 0.05 ms of 1.4."""
    request = call["params"]
    request["headers"]["Host"] = urlsplit(request["url"]).netloc


def _wants_other_addresses(made: Session) -> bool:
    """FIPS, dual-stack, account-based and discovered addresses need botocore's whole way."""
    if made.get_config_variable("account_id_endpoint_mode") == "required":
        return True
    if made.get_config_variable("endpoint_discovery_enabled") != "auto":
        return True
    return any(made.get_config_variable(name) for name in OTHER_ADDRESSES)
