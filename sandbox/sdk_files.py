"""What botocore makes of its data files, made once a process: every sandbox has new sessions.

A session lists four hundred folders, reads the models of its services, builds the rules for their
addresses and hundreds of methods: half of what a short scenario took.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from inspect import CO_VARKEYWORDS
from types import FunctionType
from typing import Any
from unittest.mock import patch

import botocore.hooks
import botocore.regions
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader

_load_file = JSONFileLoader.load_file
_list_services = Loader.list_available_services
_botocore: Any = botocore.regions  # the parts below are not in its type stubs
_creator: Any = ClientCreator
_create_methods = _creator._create_methods
_hooks: Any = botocore.hooks
_accepts_kwargs = _hooks.accepts_kwargs
_init = EventAliaser.__init__
_aliased: dict[str, str] = {}
_Rules = _botocore.EndpointProvider
_methods: dict[int, tuple[Any, dict[str, Any]]] = {}
_rules: dict[tuple[int, frozenset[str]], tuple[Any, Any]] = {}


@contextmanager
def read_once() -> Iterator[None]:
    """Until the block ends, what was read or built before is taken again."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(JSONFileLoader, "load_file", _model))
        stack.enter_context(patch.object(Loader, "list_available_services", _services))
        stack.enter_context(patch.object(ClientCreator, "_create_methods", _methods_of))
        stack.enter_context(patch.object(EventAliaser, "__init__", _init_aliaser))
        stack.enter_context(patch.object(botocore.hooks, "accepts_kwargs", _takes_any))
        stack.enter_context(patch.object(botocore.regions, "EndpointProvider", _provider))
        yield


def _model(_loader: JSONFileLoader, file_path: str) -> Any:
    return _file(file_path)


@cache
def _file(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def _services(loader: Loader, type_name: str) -> list[str]:
    return _listed(tuple(loader.search_paths), type_name)


@cache
def _listed(paths: tuple[str, ...], type_name: str) -> list[str]:
    fresh = Loader(list(paths), include_default_search_paths=False)
    listed: list[str] = _list_services(fresh, type_name)
    return listed


def _methods_of(creator: ClientCreator, model: Any) -> dict[str, Any]:
    """They know their operation and nothing of a session; see `_provider` for the key."""
    described = model._service_description
    if id(described) not in _methods:
        _methods[id(described)] = (described, _create_methods(creator, model))
    return dict(_methods[id(described)][1])


def _takes_any(handler: Any) -> bool:
    """Whether a handler has `**kwargs`, asked 130 times a session: read off its code."""
    plain = getattr(handler, "__func__", handler)
    if isinstance(plain, FunctionType):
        return bool(plain.__code__.co_flags & CO_VARKEYWORDS)
    return bool(_accepts_kwargs(handler))


def _init_aliaser(aliaser: Any, emitter: Any, aliases: Any = None) -> None:
    _init(aliaser, emitter, aliases)
    if aliases is None:
        aliaser._alias_name_cache = _aliased


def _provider(ruleset_data: Any, partition_data: Any, excluded_params: Any = None) -> Any:
    """Rules are never changed; the same file (see `_file`) is the same object, kept beside them."""
    key = (id(ruleset_data), frozenset(excluded_params or ()))
    if key not in _rules:
        _rules[key] = (ruleset_data, _Rules(ruleset_data, partition_data, excluded_params))
    return _rules[key][1]
