"""What the deployment's commands tell people: one line that says what to do."""


class Problem(Exception):
    """Told as it is, without a traceback. Each module has its own."""
