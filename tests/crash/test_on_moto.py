"""The crash matrix once more on moto's DynamoDB, in a module, and so a world, of its own."""

from tests.crash.matrix import call_points, play
from tests.crash.paths import PATHS
from tests.crash.stage import Stages


def test_the_tables_of_moto_are_of_the_same_opinion():
    """The matrix runs on our own DynamoDB; moto's, slower, has the last word on one path."""
    with Stages(dynamodb="moto") as stages:
        path = next(path for path in PATHS if path.name == "live text")
        for kill in call_points(stages, path):
            play(stages, path, kill)
