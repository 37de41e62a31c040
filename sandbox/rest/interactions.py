"""The end of an interaction: the app says that it has finished with a click."""

from sandbox.rest import fields
from sandbox.rest.endpoint import Call
from sandbox.spinners import SPINNERS

SOURCES = ("VIEW", "MESSAGE", "EPHEMERAL_MESSAGE")
MOST = 100


def complete(call: Call) -> None:
    """Ends the element's spinner. A click that had none, or whose time is over, is completed without a word.

    Source: Pumble app platform reference, 3.6 and 5.2 (completeProcessing); it needs no scope.
    """
    body = call.body()
    source_type = fields.choice(body.get("sourceType"), SOURCES)
    source_id = fields.text(body, "sourceId", most=MOST)
    SPINNERS.complete(call.app.id, source_type, source_id, fields.text(body, "triggerId", most=MOST))
