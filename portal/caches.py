"""What Django's cache writes to Redis and reads there."""

from typing import Any

import msgspec


class JsonSerializer:
    """JSON in place of Django's pickle, which would run whatever code somebody put into Redis."""

    def dumps(self, value: Any) -> bytes | int:
        return (
            value if type(value) is int else msgspec.json.encode(value)
        )  # an integer can be counted up there

    def loads(self, data: bytes) -> Any:
        """Return the value; None where it is no JSON, as if it had never been there."""
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError:
            return None
