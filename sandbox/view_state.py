"""What a person can choose in an element. Source: Pumble app platform reference, 4.4."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox import blocks
from sandbox.exceptions import ActError

OPTION_TYPES = {"static_select_menu", "checkboxes"}
DATE_TYPES = {"date_picker", "date_range_picker"}


def clean_value(element: dict[str, Any], value: object) -> Any:
    """A value that the element can give: a list of texts for checkboxes and date ranges, else a text; None stays None.

    Raises:
        ActRefused: nobody could have chosen this.
    """
    if value is None:
        return None
    kind = str(element.get("type"))
    if kind in blocks.LIST_VALUE_TYPES:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ActError("value must be a list of strings here")
        chosen: list[str] = value
    elif isinstance(value, str):
        chosen = [value] if value else []
    else:
        raise ActError("value must be a string here")
    if kind in OPTION_TYPES:
        option_values = list(_option_values(element))
        if any(item not in option_values for item in chosen):
            raise ActError("there is no such option")
    if kind in DATE_TYPES:
        _check_dates(kind, chosen)
    return value


def initial_value(element: dict[str, Any]) -> Any:
    """What the element holds before anybody touches it; nothing is None or an empty list."""
    if element.get("type") == "checkboxes":
        return [_object(item).get("value") for item in _list(element.get("initial_options"))]
    if element.get("type") == "date_range_picker":
        date_range = _object(element.get("initial_date_range"))
        return [date_range.get("start"), date_range.get("end")] if date_range else []
    option = _object(element.get("initial_option"))
    return option.get("value") or element.get("initial_value") or element.get("initial_date")


def _option_values(element: dict[str, Any]) -> Iterator[object]:
    groups = [element, *(_object(group) for group in _list(element.get("option_groups")))]
    for group in groups:
        for option in _list(group.get("options")):
            yield _object(option).get("value")


def _check_dates(kind: str, chosen: list[str]) -> None:
    if not all(_is_date(item) for item in chosen):
        raise ActError("a date is written yyyy-MM-dd")
    if kind == "date_range_picker" and chosen and (len(chosen) != 2 or chosen[0] > chosen[1]):
        raise ActError("a range is two dates, the earlier one first")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def apply_submit(view: dict[str, Any], values: object) -> None:
    """Put what was typed, and the initial values of what was not, into `state.values`; other keys there stay.

    Raises:
        ActRefused: what Pumble's page would not submit: a required input left empty, a length out of bounds.
    """
    entered = _parse_values(values)
    state_values = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.iter_input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        entered_value = entered.get(block_id, {}).get(on_action)
        value = (
            clean_value(element, entered_value)
            if entered_value is not None
            else _stored_value(state_values, block_id, on_action, element)
        )
        label = blocks.plain_text(block.get("label")) or block_id
        if value in (None, "", []):
            if block.get("optional") is not True:
                raise ActError(f"{label}: is required")
            if entered_value is None:
                continue
        _check_length(label, element, value)
        state_values[block_id] = _block_state(state_values, block_id, element, value)
    view["state"] = {"values": state_values}


def merge(view: dict[str, Any], values: object) -> None:
    """Put what was typed so far into `state.values`, as Pumble sends it with a click; nothing is required yet."""
    entered = _parse_values(values)
    state_values = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.iter_input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        value = clean_value(element, entered.get(block_id, {}).get(on_action))
        if value is not None:
            state_values[block_id] = _block_state(state_values, block_id, element, value)
    view["state"] = {"values": state_values}


def current_value(view: dict[str, Any] | None, block_id: str, element: dict[str, Any]) -> Any:
    """What the element holds now: its value in the view's state, else its initial one."""
    state_values = _object(_object(_object(view).get("state")).get("values"))
    return _stored_value(state_values, block_id, str(element.get("onAction", "")), element)


def _stored_value(
    state_values: dict[str, Any], block_id: str, on_action: str, element: dict[str, Any]
) -> Any:
    """The value that stood there: from the state, else the element's initial one."""
    stored = _object(_object(state_values.get(block_id)).get(on_action))
    if stored:
        return stored.get("values", stored.get("value"))
    return initial_value(element)


def _parse_values(values: object) -> dict[str, dict[str, Any]]:
    if not isinstance(values, dict) or not all(isinstance(item, dict) for item in values.values()):
        raise ActError("values must be {blockId: {onAction: value}}")
    return values


def _block_state(
    state_values: dict[str, Any], block_id: str, element: dict[str, Any], value: object
) -> dict[str, Any]:
    """A block's part of the state with this value in it."""
    key = "values" if isinstance(value, list) else "value"
    stored = {"type": element.get("type"), key: value}
    return {**_object(state_values.get(block_id)), str(element.get("onAction", "")): stored}


def _check_length(label: str, element: dict[str, Any], value: object) -> None:
    if element.get("type") != "plain_text_input" or not isinstance(value, str):
        return
    minimum, maximum = element.get("min_length"), element.get("max_length")
    if isinstance(minimum, int) and len(value) < minimum:
        raise ActError(f"{label}: at least {minimum} characters")
    if isinstance(maximum, int) and len(value) > maximum:
        raise ActError(f"{label}: at most {maximum} characters")
