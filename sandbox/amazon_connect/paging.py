"""Lists in pages, as the `List...` operations answer them."""

from typing import Any

from sandbox.wire import AwsError

PAGE = 1000  # model, ListContactFlows.MaxResults: the largest page


def page(
    key: str,
    items: list[Any],
    params: dict[str, Any],
    *,
    most: int = PAGE,
    words: tuple[str, str] = ("NextToken", "MaxResults"),
) -> dict[str, Any]:
    """One page of `items` under `key`. The token is the offset of the next one.

    `words`: how the service spells token and page size.
    """
    token_key, size_key = words
    token = params.get(token_key) or "0"
    if not token.isdigit():
        raise AwsError("InvalidParameterException", "The page token is not one of ours")
    start, size = int(token), params.get(size_key) or most
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer[token_key] = str(start + size)
    return answer
