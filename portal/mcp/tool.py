"""A tool: what the model is told of it, which operations it uses, and the function that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from keys.key_cache import KeyRecord
from portal.api.base import OperationView
from portal.api.calls import pumble_slot
from portal.mcp import params
from portal.mcp.calls import ToolCall
from portal.mcp.params import Params


@dataclass(frozen=True, kw_only=True)
class Tool:
    """
    Attributes:
        description: for the model, at most 400 characters.
        operations: the first one gives the scope, and is what a call is noted as if it fails early.
        read_only, destructive, idempotent, open_world: the protocol's hints for hosts. None of them has a default.
        suits: whether a key may have the tool, beside its scope.
    """

    name: str
    title: str
    description: str
    operations: tuple[type[OperationView], ...]
    params: type[Params]
    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool
    run: Callable[[ToolCall, Any], str]
    suits: Callable[[KeyRecord], bool] = lambda _key: True

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        return params.schema_of(self.params)

    @property
    def operation(self) -> str:
        return self.operations[0].operation

    def is_visible(self, key: KeyRecord) -> bool:
        scope = self.operations[0].scope
        return (scope is None or scope in key.scopes) and self.suits(key)

    def call(self, call: ToolCall, arguments: dict[str, Any]) -> str:
        """Return the text for the model.

        Raises:
            InvalidArgument: an argument is missing, unknown or of the wrong type.
        """
        data = params.read(self.params, arguments, self.input_schema)
        with pumble_slot(call.api):
            return self.run(call, data)


def tool(**about: Any) -> Callable[[Callable[[ToolCall, Any], str]], Tool]:
    """Make a tool of the function below, which gets its parameters as `params`."""
    return lambda run: Tool(run=run, **about)
