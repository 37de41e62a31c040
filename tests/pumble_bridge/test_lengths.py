"""Every text in chat fits Pumble's limits, in every language, with the longest names and lists."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone, translation

from keys import exceptions, lifecycle, scopes, texts
from keys.audit import Actor, Surface
from keys.exceptions import KeysError
from keys.models import Member
from keys.reasons import CATALOGUE
from pumble_bridge import manifest
from pumble_bridge.chat import default_access, home, interactions, key_blocks, successor_question
from pumble_bridge.chat.blocks import MAX_LABEL_LENGTH, MAX_OPTIONS, message
from pumble_bridge.chat.commands.subcommands import help_parts
from pumble_bridge.chat.modals import delete_key, registry
from pumble_bridge.chat.modals.base import ModalState
from pumble_bridge.chat.user import Bot, ChatUser
from pumble_bridge.client import PumbleClient
from pumble_bridge.hooks.payloads import Click
from pumble_bridge.outcomes import Outcome
from tests import pumble
from tests.pumble_bridge.screens import app_channel, click_home, get_member, home_tab, issue, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LONG = "W" * 63
MAX_MESSAGE_LENGTH = 100_000
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def check(shown: Any, inside: str = "") -> None:
    """Whether Pumble takes `shown`: a message, a view or a part of one."""
    if isinstance(shown, list):
        for one in shown:
            check(one, inside)
    if not isinstance(shown, dict):
        return
    if shown.get("type") == "plain_text":
        most = {"confirm.text": 300, "section.text": 1500}.get(inside, MAX_LABEL_LENGTH)
        assert 0 < len(shown["text"]) <= most, shown
        assert not shown["text"].endswith("…"), f"cut: {shown}"
    assert len(shown.get("validationError", "")) <= MAX_LABEL_LENGTH, shown
    assert not shown.get("validationError", "").endswith("…"), f"cut: {shown}"
    assert len(shown.get("options", [])) <= MAX_OPTIONS
    assert len(shown["value"] if isinstance(shown.get("value"), str) else "") <= 100
    if "blocks" in shown and isinstance(shown.get("text"), str):
        assert 0 < len(shown["text"]) <= MAX_MESSAGE_LENGTH
    for name, one in shown.items():
        owner = "confirm" if inside == "confirm" else str(shown.get("type", ""))
        check(one, "confirm" if name == "confirm" and "deny" not in shown else f"{owner}.{name}")


def every_error() -> Iterator[KeysError]:
    samples: list[KeysError] = [
        exceptions.TooManyKeys(200),
        exceptions.ScopeUnknown([LONG] * 30),
        exceptions.ScopeUnknown(),
        exceptions.ScopeNotAllowed(list(scopes.ALL)),
        exceptions.AddressInvalid(LONG),
        exceptions.AddressInvalid(LONG, "10.0.0.0/8"),
        exceptions.ExpiryInPast(timezone.now()),
        exceptions.ExpiryTooFar(timedelta(days=365)),
        exceptions.ExpiryTooFar(None),
        exceptions.CannotWidenRights("calls_per_minute"),
        exceptions.KeyAmbiguous([LONG] * 200, ["a" * 12] * 200),
    ]
    yield from samples
    for kind in vars(exceptions).values():
        plain = isinstance(kind, type) and issubclass(kind, KeysError) and hasattr(kind, "reason")
        if plain and kind.__init__ is KeysError.__init__:
            yield kind()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def ana(ana: pumble.Person, language: str) -> pumble.Person:
    Member.objects.update(language=language)
    return ana


@pytest.fixture
def person(ana: pumble.Person) -> ChatUser:
    member = get_member(ana)
    bot = Bot("b" * 24, PumbleClient("no token"))
    return ChatUser(member, ana.id, bot, Actor(member, Surface.CHAT), timezone.now())


class TestEveryView:
    def test_fits_with_each_error_there_is(self, ana: pumble.Person, person: ChatUser) -> None:
        key, _ = issue(ana, LONG, expires_at=timezone.now() + timedelta(days=365))

        for modal in registry.MODALS.values():
            key_id = "" if modal in (registry.ADD_KEY, registry.DELETE_KEY) else key.key_id
            check(modal.view(ModalState(person, "t", key_id, {}, {})))
            for error in every_error():
                where = modal.inputs.get(error.reason, modal.main_input)
                message = key_blocks.error_text(error)
                check(modal.view(ModalState(person, "t", key_id, {"name": LONG}, {where: message})))

    def test_fits_as_the_home_tab(self, ana: pumble.Person, person: ChatUser) -> None:
        check(home.build(person.member, person.now))
        for number in range(22):
            issue(ana, f"{LONG[:-2]}{number}", channels={f"{n:024x}": "c" * 80 for n in range(50)})
        check(home.build(person.member, person.now))
        person.member.authorized_at = None
        check(home.build(person.member, person.now))
        check(home_tab(ana))

    def test_fits_as_a_menu(self, ana: pumble.Person, person: ChatUser) -> None:
        for number in range(101):
            issue(ana, f"{LONG[:-3]}{number}")

        check({"options": delete_key.options(person, "", None)})

    def test_fits_in_the_manifest(self, language: str) -> None:
        built = manifest.build()

        assert all(
            len(one["usageHint"]) <= 55 and len(one["command"]) <= 32 for one in built["slashCommands"]
        )
        check(built["defaultHomeView"])
        assert {block["type"] for block in built["defaultHomeView"]["blocks"]} == {"rich_text"}
        assert built["dynamicMenus"] == [{"url": built["viewAction"]["url"], "onAction": manifest.KEY_MENU}]


class TestEveryReply:
    def test_fits_as_it_arrives(self, ana: pumble.Person, general: str) -> None:
        for number in range(12):
            issue(ana, f"{LONG[:-2]}{number}", channels={f"{n:024x}": "c" * 80 for n in range(50)})
        lines = [
            "", "help", "list", "usage", "delete", "delete W", "generate", f"generate {LONG}", f"generate {LONG}",
            f"generate x --scopes {LONG},{LONG}", "generate x --colour", "generate x --expires 0d", "rename a",
            f"rename {LONG} {LONG[:-1]}x", f"rotate {LONG[:-1]}x --grace 1h", "rotate nothing", "rotate x --grace 2h",
            f"disable {LONG[:-1]}x", f"enable {LONG[:-1]}x", f"usage {LONG[:-1]}x", "why x", "why", "language xx",
            f"delete {LONG[:-1]}x", "x" * 5000, f"generate {'y' * 5000}",
        ]  # fmt: skip

        for line in lines:
            ana.type(general, f"/api-keys {line}")

        replies = ana.screen(general)["ephemeral"]
        assert len(replies) == len(lines)
        for reply in replies:
            check(reply)
            assert reply["blocks"], "blocks are missing"

    def test_with_a_key_fits(self, ana: pumble.Person) -> None:
        screen = submit(ana, click_home(ana, "add_key"), name=LONG, may="full-access", expires="30")

        check(ana.screen(app_channel(ana))["ephemeral"])
        assert screen["modals"] == []

    def test_about_an_error_fits(self, language: str) -> None:
        for error in every_error():
            check(
                message(
                    *[
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": texts.error_message(error)}],
                        }
                    ]
                )
            )
            assert len(key_blocks.error_text(error)) < 3000
        for reason in CATALOGUE:
            assert len(Outcome(reason).explanation) < 300
        check(message(*help_parts()))
        check(message(*key_blocks.authorize_first()))
        check(message(*key_blocks.authorize_first("generate " + "x" * 5000)))


class TestEveryTextOfAClick:
    def test_fits(self, ana: pumble.Person, person: ChatUser) -> None:
        key, _ = issue(ana, LONG)

        for action in ("rename", "rotate", "renew", "delete"):
            click = Click(ana.workspace_id, ana.id, "t", True, "f" * 24, f"key.{key.key_id}", action, None)  # noqa: FBT003
            check(interactions.handle(click, person).to_dict())
        click = Click(ana.workspace_id, ana.id, "t", True, "f" * 24, "reduce_key", key.key_id, None)  # noqa: FBT003
        check(interactions.handle(click, person).to_dict())

    def test_of_a_key_that_is_being_replaced_fits(self, ana: pumble.Person, person: ChatUser) -> None:
        key, _ = issue(ana, LONG)
        new, _ = lifecycle.rotate(key=key, grace=lifecycle.GRACE_PERIODS["24h"], by=person.by, now=person.now)
        successor = lifecycle.confirm(key=new, by=person.by, now=person.now)

        for action in ("disable", "delete"):
            click = Click(ana.workspace_id, ana.id, "t", True, "f" * 24, f"key.{key.key_id}", action, None)  # noqa: FBT003
            check(interactions.handle(click, person).to_dict())
            parts, buttons = successor_question.build(action, key, successor)
            check(message(*parts, buttons=buttons))
        check(message(default_access.heading(key, person.now), buttons=default_access.buttons(key)))
