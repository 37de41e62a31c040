"""What can be known of a connection without reading from it."""

import select


def has_something_to_read(descriptor: int, *, milliseconds: int = 0) -> bool:
    """Whether bytes, or the end of the connection, are there or come in that time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(milliseconds))
