"""The serializer of Django's cache in Redis."""

from typing import Any

import msgspec


class JsonSerializer:
    """Serialize as JSON. Django's default, pickle, can run code that is stored in Redis."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else msgspec.json.encode(value)  # Redis can increment an integer

    def loads(self, data: bytes) -> Any:
        """Return the value, or None if it is not JSON."""
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError:
            return None
