"""The values of a view's inputs. Source: Pumble app platform reference, 4.1, 4.3 and 4.4."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox import blocks
from sandbox.exceptions import ActError

OPTION_TYPES = {"static_select_menu", "checkboxes"}
DATE_TYPES = {"date_picker", "date_range_picker"}


def clean_value(element: dict[str, Any], value: object) -> Any:
    """Return the value if the element can have it.

    Checkboxes and date ranges have a list of strings, other elements a string. None stays None.

    Raises:
        ActError: a person could not have chosen this value.
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
            raise ActError("the element has no such option")
    if kind in DATE_TYPES:
        _check_dates(kind, chosen)
    return value


def initial_value(element: dict[str, Any]) -> Any:
    """Return the initial value of an element: None or an empty list if it has none."""
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
        raise ActError("a date must have the form yyyy-MM-dd")
    if kind == "date_range_picker" and chosen and (len(chosen) != 2 or chosen[0] > chosen[1]):
        raise ActError("a date range must have two dates, the earlier date first")


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
    """Write the entered values, or else the initial ones, to `state.values`. Other keys there stay.

    Raises:
        ActError: Pumble's page would not submit this: a required input is empty, or a length is out of bounds.
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
    """Write the values entered so far to `state.values`, as Pumble sends them with a click. Nothing is required yet."""
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
    """Return the element's value in the view's state, or its initial value."""
    state_values = _object(_object(_object(view).get("state")).get("values"))
    return _stored_value(state_values, block_id, str(element.get("onAction", "")), element)


def _stored_value(
    state_values: dict[str, Any], block_id: str, on_action: str, element: dict[str, Any]
) -> Any:
    """Return the element's value in these state values, or its initial value."""
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
    """Return the block's part of the state with this value."""
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
