import pytest

from tests.crash.stage import Stages


@pytest.fixture(scope="module")
def stages():
    with Stages() as stages:
        yield stages
