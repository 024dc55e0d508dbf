"""The door to the AI service's list of models: a question that costs nothing.

Without the openai package, whose import costs a third of a second.
"""

from collections.abc import Callable
from http import HTTPStatus

import urllib3

from chalicelib.errors import Denied, Throttled, Unreachable, Unsure
from chalicelib.whatsapp import fields

SERVICE = "ai"
TIMEOUT = urllib3.Timeout(connect=1, read=2)  # readiness waits three seconds for everything
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class AiModels:
    """`http` is the shared connection pool, `key` reads the secret. `wait_s`: seconds to
    connect, and again to answer; 0: those of readiness."""

    def __init__(
        self,
        http: urllib3.PoolManager,
        base_url: str,
        key: Callable[[], str],
        *,
        wait_s: float = 0,
    ) -> None:
        self._http = http
        self._timeout = urllib3.Timeout(connect=wait_s, read=wait_s) if wait_s else TIMEOUT
        self._url = f"{base_url}/models"
        self._key = key

    def names(self) -> list[str]:
        """Every model this key may use; [] where the service lists none (some do not).

        Raises Denied for the key, Unreachable, Throttled or Unsure.
        """
        headers = {"Authorization": f"Bearer {self._key()}"}
        try:
            answer = self._http.request("GET", self._url, headers=headers, timeout=self._timeout)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable("the AI service cannot be reached", service=SERVICE) from error
        if answer.status in REFUSED:
            raise Denied("the AI service refuses the key", service=SERVICE)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Throttled("the AI service has had enough for now", service=SERVICE)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unsure("the AI service fails", service=SERVICE, code=str(answer.status))
        return _listed(answer.data) if answer.status == HTTPStatus.OK else []


def _listed(body: bytes) -> list[str]:
    try:
        models = fields.objects(fields.decode(body.decode()), "data")
    except ValueError:  # a page of a proxy's
        return []
    return [fields.text(one, "id") for one in models]
