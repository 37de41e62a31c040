from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from keys import exceptions, rights, scopes, texts
from keys.violations import PolicyRule, Violation
from tests.conftest import NOW

EARLY = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
JANUARY = datetime.fromisoformat("2027-01-12T22:59:59+00:00")
OPS = {"a" * 24: "deploys", "b" * 24: "ops"}

SENTENCES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"scopes_wanted": scopes.POST_MESSAGES, "channels": OPS, "expires_at": JANUARY},
        "Can post as you and send files in #deploys and #ops until 12 January 2027. Cannot read messages.",
        "Puede publicar en tu nombre y enviar archivos en #deploys y #ops hasta el 12 de enero de 2027. No puede leer mensajes.",
    ),
    ({}, "Can do everything as you; never expires.", "Puede hacerlo todo en tu nombre; no caduca."),
    (
        {"scopes_wanted": scopes.READ_ONLY},
        "Can read messages; never expires. Cannot change anything.",
        "Puede leer mensajes; no caduca. No puede cambiar nada.",
    ),
    (
        {"scopes_wanted": ["users:list"], "expires_at": EARLY + timedelta(hours=2)},
        "Can see channels and people until 1 June, 10:00 UTC. Cannot read messages or change anything.",
        "Puede ver canales y personas hasta el 1 de junio, 10:00 UTC. No puede leer mensajes o cambiar nada.",
    ),
    (
        {"scopes_wanted": ["messages:read", "reaction:write", "status:write"], "channels": OPS},
        "Can read messages and react to messages in #deploys and #ops; never expires. Can also set your status. "
        "Cannot post messages.",
        "Puede leer mensajes y reaccionar a mensajes en #deploys y #ops; no caduca. También puede cambiar tu estado. "
        "No puede publicar mensajes.",
    ),
    (
        {"allowed_addresses": ["10.0.0.0/8"], "calls_per_minute": 1},
        "Can do everything as you; never expires. Only from 10.0.0.0/8. At most 1 call a minute.",
        "Puede hacerlo todo en tu nombre; no caduca. Solo desde 10.0.0.0/8. Como máximo 1 llamada por minuto.",
    ),
]


@pytest.mark.parametrize(("wanted", "english", "spanish"), SENTENCES)
def test_a_sentence_says_what_a_key_can_do(wanted: dict[str, Any], english: str, spanish: str) -> None:
    made = rights.make(**wanted)

    assert texts.describe_rights(made, now=EARLY) == english
    with translation.override("es"):
        assert texts.describe_rights(made, now=EARLY) == spanish


def test_a_date_of_this_year_needs_no_year() -> None:
    made = rights.make(scopes_wanted=["messages:write"], expires_at=JANUARY)

    assert "until 12 January." in texts.describe_rights(made, now=JANUARY - timedelta(days=9))


def test_names_the_presets() -> None:
    presets = [rights.make(scopes_wanted=preset) for preset in (*scopes.PRESETS.values(), ["user:read"])]

    assert [texts.preset_name(preset) for preset in presets] == [
        "Read only",
        "Post messages",
        "Full access",
        "Custom",
    ]


def _all_errors() -> list[exceptions.KeysError]:
    samples: dict[type[exceptions.KeysError], exceptions.KeysError] = {
        exceptions.KeyExpired: exceptions.KeyExpired(NOW),
        exceptions.KeyRotated: exceptions.KeyRotated(NOW),
        exceptions.IpNotAllowed: exceptions.IpNotAllowed("192.0.2.1"),
        exceptions.ScopeMissing: exceptions.ScopeMissing("user:read"),
        exceptions.RateLimited: exceptions.RateLimited("this API key", 5, 1),
        exceptions.ChannelNotAllowed: exceptions.ChannelNotAllowed({"c" * 24: "general"}),
        exceptions.ReactionChannelMissing: exceptions.ReactionChannelMissing({"c" * 24: "general"}),
        exceptions.TooManyKeys: exceptions.TooManyKeys(5),
        exceptions.ScopeNotAllowed: exceptions.ScopeNotAllowed(["user:read"]),
        exceptions.FullAccessNotAllowed: exceptions.FullAccessNotAllowed(["user:read"]),
        exceptions.AddressInvalid: exceptions.AddressInvalid("x", "10.0.0.0/8"),
        exceptions.ExpiryInPast: exceptions.ExpiryInPast(NOW),
        exceptions.ExpiryTooFar: exceptions.ExpiryTooFar(timedelta(days=30)),
        exceptions.CannotWidenRights: exceptions.CannotWidenRights("expires_at"),
        exceptions.WiderThanManagingKey: exceptions.WiderThanManagingKey("expires_at"),
        exceptions.NewKeysLimited: exceptions.NewKeysLimited(300, 60),
        exceptions.PolicyValueInvalid: exceptions.PolicyValueInvalid("idle_days", 1, 3650),
        exceptions.ResponsibleInvalid: exceptions.ResponsibleInvalid(
            exceptions.ResponsibleInvalid.Problem.GUEST
        ),
        exceptions.NotInChannel: exceptions.NotInChannel(["#ops"]),
        exceptions.PolicyViolated: exceptions.PolicyViolated([Violation(PolicyRule.ADDRESSES)]),
    }

    def below(kind: type[exceptions.KeysError]) -> list[type[exceptions.KeysError]]:
        return [kind, *(each for subclass in kind.__subclasses__() for each in below(subclass))]

    return [samples[kind] if kind in samples else kind() for kind in below(exceptions.KeysError)]


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: type(error).__name__)
def test_every_failure_is_a_sentence_in_both_languages(error: exceptions.KeysError) -> None:
    english = texts.error_message(error)
    with translation.override("es"):
        spanish = texts.error_message(error)

    assert english.endswith((".", "?"))
    assert spanish.endswith((".", "?"))
    assert english != spanish


def test_an_end_in_the_past_is_refused_with_the_servers_time() -> None:
    assert "2026-12-31 23:59:58 UTC" in texts.error_message(exceptions.ExpiryInPast(NOW))


@pytest.mark.parametrize(
    ("breach", "english"),
    [
        (
            Violation(PolicyRule.SCOPES, scopes=("user:read", "status:write")),
            "it has scopes that are not allowed (user:read, status:write)",
        ),
        (Violation(PolicyRule.EXPIRY), "it never expires"),
        (Violation(PolicyRule.EXPIRY, limit=1), "it expires more than 1 day from now"),
        (Violation(PolicyRule.ADDRESSES), "it may be used from every address"),
        (Violation(PolicyRule.CREATORS), "its owner may not create keys"),
        (Violation(PolicyRule.MAX_KEYS, limit=1), "its owner has more than 1 key"),
        (Violation(PolicyRule.MAX_KEYS, limit=5), "its owner has more than 5 keys"),
        (Violation(PolicyRule.IDLE, limit=30), "it was not used for 30 days"),
    ],
    ids=lambda value: getattr(value, "term", ""),
)
def test_a_breach_of_each_term_is_told_in_both_languages(breach: Violation, english: str) -> None:
    assert texts.describe_violation(breach) == english
    with translation.override("es"):
        assert texts.describe_violation(breach) != english
