"""What a body says of a message to be. Source: Pumble app platform reference, 5.5 (MessagePost)."""

from typing import Any

from pumble_bridge.sandbox.errors import Invalid
from pumble_bridge.sandbox.posting import Draft
from pumble_bridge.sandbox.rest import fields


def read(body: dict[str, Any]) -> Draft:
    text = fields.text(body, "text", most=fields.MAX_TEXT)
    if fields.ids(body.get("files"), least=0, most=20):
        raise Invalid("[files are not known]")
    return Draft(text, fields.blocks(body.get("blocks")), fields.objects(body.get("attachments")) or [])
