"""What a body says of a message to be. Source: Pumble app platform reference, 5.5 (MessagePost)."""

from typing import Any

from sandbox.posting import Draft
from sandbox.rest import fields, files
from sandbox.rest.endpoint import Call


def read(call: Call, body: dict[str, Any]) -> Draft:
    text = fields.text(body, "text", most=fields.MAX_TEXT)
    return Draft(
        text,
        fields.blocks(body.get("blocks")),
        fields.objects(body.get("attachments")) or [],
        files=files.of_message(call, body.get("files")),
    )
