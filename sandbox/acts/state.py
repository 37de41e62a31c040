"""The values of a modal's inputs, as Pumble keeps them. Source: Pumble app platform reference, 4.1 and 4.3."""

from typing import Any

from sandbox import blocks, options
from sandbox.errors import ActRefused


def fill(view: dict[str, Any], values: object) -> None:
    """Put what was typed, and the initial values of what was not, into `state.values`; other keys there stay.

    Raises:
        ActRefused: what Pumble's page would not submit: a required input left empty, a length out of bounds.
    """
    entered = _typed(values)
    kept = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        typed = entered.get(block_id, {}).get(on_action)
        value = (
            options.checked(element, typed)
            if typed is not None
            else _before(kept, block_id, on_action, element)
        )
        label = blocks.plain_text(block.get("label")) or block_id
        if value in (None, "", []):
            if block.get("optional") is not True:
                raise ActRefused(f"{label}: is required")
            if typed is None:
                continue
        _check_length(label, element, value)
        kept[block_id] = _held(kept, block_id, element, value)
    view["state"] = {"values": kept}


def merge(view: dict[str, Any], values: object) -> None:
    """Put what was typed so far into `state.values`, as Pumble sends it with a click; nothing is required yet."""
    typed = _typed(values)
    kept = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        value = options.checked(element, typed.get(block_id, {}).get(on_action))
        if value is not None:
            kept[block_id] = _held(kept, block_id, element, value)
    view["state"] = {"values": kept}


def current(view: dict[str, Any] | None, block_id: str, element: dict[str, Any]) -> Any:
    """What the element holds now: its value in the view's state, else its initial one."""
    kept = _object(_object(_object(view).get("state")).get("values"))
    return _before(kept, block_id, str(element.get("onAction", "")), element)


def _before(kept: dict[str, Any], block_id: str, on_action: str, element: dict[str, Any]) -> Any:
    """The value that stood there: from the state, else the element's initial one."""
    held = _object(_object(kept.get(block_id)).get(on_action))
    if held:
        return held.get("values", held.get("value"))
    return options.initial(element)


def _typed(values: object) -> dict[str, dict[str, Any]]:
    if not isinstance(values, dict) or not all(isinstance(one, dict) for one in values.values()):
        raise ActRefused("values must be {blockId: {onAction: value}}")
    return values


def _held(kept: dict[str, Any], block_id: str, element: dict[str, Any], value: object) -> dict[str, Any]:
    """A block's part of the state with this value in it."""
    key = "values" if isinstance(value, list) else "value"
    held = {"type": element.get("type"), key: value}
    return {**_object(kept.get(block_id)), str(element.get("onAction", "")): held}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_length(label: str, element: dict[str, Any], value: object) -> None:
    if element.get("type") != "plain_text_input" or not isinstance(value, str):
        return
    least, most = element.get("min_length"), element.get("max_length")
    if isinstance(least, int) and len(value) < least:
        raise ActRefused(f"{label}: at least {least} characters")
    if isinstance(most, int) and len(value) > most:
        raise ActRefused(f"{label}: at most {most} characters")
