"""botocore, without what it works out anew for each call although it never changes.

Only settings and parts that botocore offers for it; what goes over the wire differs in its
User-Agent alone (`tests/gateways/test_sdk.py`). The gains are those of one text, five calls.
"""

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session

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


def session() -> Session:
    """The session that all our clients come from."""
    made = Session()
    if not _wants_other_addresses(made):
        paths = made.get_component("data_loader").search_paths
        made.register_component(
            "data_loader", QuietLoader(paths, include_default_search_paths=False)
        )
    return made


def user_agent(made: Session) -> Config:
    """Who we are, as one text. botocore's own has what each call made use of, for AWS's statistics,
    and is put together twice a call: 0.07 ms of 1.4."""
    return Config(user_agent=f"Puente {made.user_agent()}")


def _wants_other_addresses(made: Session) -> bool:
    """FIPS, dual-stack and account-based addresses need the rules: the table differs from them."""
    if made.get_config_variable("account_id_endpoint_mode") == "required":
        return True
    return any(made.get_config_variable(name) for name in OTHER_ADDRESSES)
