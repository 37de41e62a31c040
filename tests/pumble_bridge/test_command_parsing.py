"""Input to `/api-keys` from users, phones and keyboards of other languages: no typo widens or ends a key.

A row of a table is one line in chat. Rows share a test where they leave nothing behind.
"""

import time
import unicodedata
from datetime import timedelta

import pytest
from django.utils import timezone

from keys import policies, scopes
from keys.audit import OPERATOR
from keys.models import ApiKey, Member, Workspace
from keys.policies import PolicyValues
from tests.pumble import Person
from tests.pumble_bridge.screens import issue

pytestmark = pytest.mark.django_db(transaction=True)

COMPOSED = unicodedata.normalize("NFC", "café ñandú")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)  # as a Mac writes it into file names
POST = scopes.in_order(scopes.POST_MESSAGES)


def say(person: Person, channel: str, line: str) -> str:
    """What the bot says to `/api-keys line`."""
    return str(person.type(channel, f"/api-keys {line}")["ephemeral"][-1]["text"])


def is_untouched(key: ApiKey) -> bool:
    """Whether the key works as before, and is the only one."""
    now = ApiKey.objects.get()
    return (now.pk, now.name, now.revoked_at, now.disabled_at) == (key.pk, key.name, None, None)


class TestAWordThatBeginsWithADash:
    def test_is_a_flag_that_is_refused_with_a_suggestion(self, ana: Person, general: str) -> None:
        for typed, meant in [
            ("-read-only", "--read-only"),
            ("\u2010read-only", "--read-only"),
            ("\u2011read\u2011only", "--read-only"),
            ("\u2012read-only", "--read-only"),
            ("\u2212read-only", "--read-only"),
            ("\uff0dread-only", "--read-only"),
            ("\ufe63read-only", "--read-only"),
            ("\u30fcread-only", "--read-only"),
            ("- read-only", "--read-only"),
            ("\u2013 read-only", "--read-only"),
            ("\u2014 read-only", "--read-only"),
            ("-- read-only", "--read-only"),
            ("\u2212\u00a0read-only", "--read-only"),
            ("---read-only", "--read-only"),
            ("--readonly", "--read-only"),
            ("--read_only", "--read-only"),
            ("--read only", "--read-only"),
            ("--raed-only", "--read-only"),
            ("-r", "--read-only"),
            ('"-read-only', "--read-only"),
            ("\u200e--read-only", "--read-only"),
            ("\u200d--read-only", "--read-only"),
            ("--read-only\u200f", "--read-only"),
            ("-post", "--post"),
            ("-expire 30", "--expires"),
            ("\u2014scope user:read", "--scopes"),
            ("--ttl 5", "--expires"),
        ]:
            reply = say(ana, general, f"generate ci {typed}")

            assert f"Nothing was changed. Did you mean {meant}?" in reply, typed
        assert not ApiKey.objects.exists()

    def test_is_never_a_part_of_the_name(self, ana: Person, general: str) -> None:
        for typed in (
            "-",
            "\u2014",
            "- prod",
            "--",
            "-x",
            "\u200d-x",
            "--channel general",
            '"ci" -read-only',
        ):
            reply = say(ana, general, f"generate ci {typed}")

            assert "Unknown flag" in reply, typed
            assert "put the name in quotes" in reply, typed
        assert not ApiKey.objects.exists()

    def test_leads_to_the_portal_for_what_only_that_restricts(self, ana: Person, general: str) -> None:
        for flag in ("--channel general", "--ip 10.0.0.0/8", "--limit 5"):
            assert "/keys/new" in say(ana, general, f"generate ci {flag}"), flag

    def test_is_refused_where_it_contradicts_itself(self, ana: Person, general: str) -> None:
        for typed, reply in [
            ("--full=no", "--full takes no value"),
            ("--read-only=false", "--read-only takes no value"),
            ("--expires 30d --expires never", "--expires occurs twice"),
            ("--scopes user:read --scopes messages:write", "--scopes occurs twice"),
            ("--expires -30", "--expires needs a value"),
            ("--expires \u221230d", "--expires needs a value"),
            ("--expires=-30", "--expires needs a value"),
            ('--expires=""', "--expires needs a value"),
            ('--expires ""', "--expires needs a value"),
            ("--scopes user:read, --post", "does not exist. The scopes are:"),
        ]:
            assert reply in say(ana, general, f"generate ci {typed}"), typed
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize(
        "typed",
        [
            "\u2014read-only",
            "\u2013read\u2011only",
            "\u2015read-only",
            "\uff0d\uff0dread\uff0donly",
            "--READ-ONLY",
            "\u3000\u2212\u2212read\u2212only\u00a0",
        ],
    )
    def test_is_the_known_flag_where_a_keyboard_wrote_its_two_hyphens_otherwise(
        self, ana: Person, general: str, typed: str
    ) -> None:
        say(ana, general, f"generate ci {typed}")

        key = ApiKey.objects.get()
        assert (key.name, key.scopes) == ("ci", list(scopes.READ_ONLY))

    def test_keeps_every_other_command_from_doing_anything(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "ci")
        for verb in ("delete", "rotate", "disable", "enable", "rename", "usage", "list", "language", "why"):
            for flag in ("-x", "\u2014 all"):
                assert "Nothing was changed" in say(ana, general, f"{verb} ci {flag}"), (verb, flag)
        assert is_untouched(key)

    def test_rotates_nothing_where_it_is_not_understood(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "ci")
        for typed in ("-grace now", "\u2014 grace now", "--grace=never", "--grace", "now"):
            assert "--grace" in say(ana, general, f"rotate ci {typed}"), typed
        assert is_untouched(key)


class TestAWordThatLooksLikeARestriction:
    def test_is_refused_and_the_flag_and_the_quotes_are_named(self, ana: Person, general: str) -> None:
        for typed in [
            "read-only",
            "readonly",
            "read only",
            "Read Only",
            "read_only",
            "read\u2011only",
            "(read-only)",
            "raedonly",
            "\uff52\uff45\uff41\uff44\uff0d\uff4f\uff4e\uff4c\uff59",
            "solo lectura",
            "sólo-lectura",
        ]:
            reply = say(ana, general, f"generate ci {typed}")

            assert f"“{typed}” looks like a restriction" in reply
            assert "/api-keys generate ci --read-only\n" in reply, typed
            assert f'/api-keys generate "ci {typed}"' in reply
        assert not ApiKey.objects.exists()

    def test_gets_the_command_that_restricts_so(self, ana: Person, general: str) -> None:
        for typed, command in [
            ("post", "generate ci --post"),
            ("publicar", "generate ci --post"),
            ("full access", "generate ci --full"),
            ("expires 30", "generate ci --expires 30d"),
            ("expries 30", "generate ci --expires 30d"),
            ("expires=7", "generate ci --expires 7d"),
            ("expires in 60 days", "generate ci --expires 60d"),
            ("30d", "generate ci --expires 30d"),
            ("90 days", "generate ci --expires 90d"),
            ("caduca 30 días", "generate ci --expires 30d"),
            ("never", "generate ci --expires never"),
            ("messages:read,user:read", "generate ci --scopes messages:read,user:read"),
            ("scope user:read", "generate ci --scopes user:read"),
            ("permissions", "generate ci --scopes messages:write,user:read"),
            ("mesages:read", "generate ci --scopes messages:write,user:read"),
            ("/post", "generate ci --post"),
            ("*read-only*", "generate ci --read-only"),
            ("read=true", "generate ci --read-only"),
            ("view-only", "generate ci --read-only"),
            ("viewonly", "generate ci --read-only"),
            ("view only", "generate ci --read-only"),
            ("solo-ver", "generate ci --read-only"),
            ("no-write", "generate ci --read-only"),
            ("no write", "generate ci --read-only"),
            ("write-only", "generate ci --post"),
            ("expires-30d", "generate ci --expires 30d"),
            ("expires30d", "generate ci --expires 30d"),
            ("expires-in-30d", "generate ci --expires 30d"),
            ("ttl-7d", "generate ci --expires 7d"),
            ("ttl3", "generate ci --expires 3d"),
            ("30d-expiry", "generate ci --expires 30d"),
            ("expira-30", "generate ci --expires 30d"),
            ("caduca30d", "generate ci --expires 30d"),
            ("until-friday", "generate ci --expires 30d"),
            ("expires-2025-12-31", "generate ci --expires 1d"),
            ("12hr", "generate ci --expires 1d"),
            ("2hrs", "generate ci --expires 1d"),
            ("messages.read", "generate ci --scopes messages:read"),
            ("messages-read", "generate ci --scopes messages:read"),
            ("read-messages", "generate ci --read-only"),
        ]:
            reply = say(ana, general, f"generate ci {typed}")

            assert "so no key was created" in reply, typed
            assert f"To restrict the key, type: /api-keys {command}\n" in reply, typed
        assert not ApiKey.objects.exists()

    def test_leads_to_the_portal_for_what_only_that_restricts(self, ana: Person, general: str) -> None:
        for typed in [
            "channel general",
            "canal general",
            "#general",
            "ip 10.0.0.0/8",
            "10.0.0.0/8",
            "10.0.0.0/33",
            "2001:db8::/32",
            "limit 5",
            "limit5",
            "color=red",
            "limited-access",
            "general-only",
        ]:
            reply = say(ana, general, f"generate ci {typed}")

            assert f"“{typed}” looks like a restriction" in reply
            assert "/keys/new" in reply, typed
        assert not ApiKey.objects.exists()

    def test_is_refused_wherever_it_stands(self, ana: Person, general: str) -> None:
        for typed in [
            "read-only",
            "post",
            "read-only ci",
            "ci-read-only",
            "ci-no-write",
            "ci-30d",
            "ci_expires_30",
            "ci.messages.read",
            "ci --post read-only",
            "ci --scopes user:read messages:read",
        ]:
            assert "looks like a restriction" in say(ana, general, f"generate {typed}"), typed
        assert not ApiKey.objects.exists()

    def test_is_refused_without_losing_the_other_flags(self, ana: Person, general: str) -> None:
        reply = say(ana, general, "generate ci --read-only expires-7d")

        assert "type: /api-keys generate ci --read-only --expires 7d\n" in reply
        assert reply.endswith('/api-keys generate "ci expires-7d" --read-only')

    def test_is_a_name_in_quotes(self, ana: Person, general: str) -> None:
        for name in ("read-only", "ci read only", "-x", "help", "expires 30", "10.0.0.0/8"):
            reply = say(ana, general, f'generate "{name}" --post')

            assert reply.startswith(f"Your new key “{name}”")
            assert ApiKey.objects.get(name=name).scopes == POST

    def test_is_refused_beside_quotes_which_hold_the_whole_name(self, ana: Person, general: str) -> None:
        for typed in ('"ci" read-only', '"ci" "read-only"', 'ci "read-only"', '"deploy" bot'):
            assert "Put the whole name in quotes" in say(ana, general, f"generate {typed}"), typed
        assert not ApiKey.objects.exists()

    def test_is_not_seen_in_usual_names(self, ana: Person, general: str) -> None:
        names = ["blog-post-bot", "express app", "district 9", "v1.2.3", "api 24/7", "Bob's key", "señal #2"]
        names += ["post-office", "release-2", "ci-30", "build7", "prod-eu1", "v2", "log-access", "no-reply"]
        names += ["k8s", "i18n", "a11y", "s3", "d3", "2fa", "status bot", "read-replica", "nightly", "unit-2"]
        for name in names:
            say(ana, general, f"generate {name} --post")

        assert list(ApiKey.objects.order_by("pk").values_list("name", flat=True)) == names

    def test_is_refused_in_spanish(self, ana: Person, general: str) -> None:
        Member.objects.filter(email=ana.email).update(language="es")

        for typed, flag in [
            ("solo lectura", "--read-only"),
            ("solo-ver", "--read-only"),
            ("expira-30", "--expires 30d"),
            ("caduca30d", "--expires 30d"),
        ]:
            reply = say(ana, general, f"generate ci {typed}")

            assert "no se creó ninguna clave" in reply, typed
            assert f"/api-keys generate ci {flag}\n" in reply, typed


class TestANumberOfDays:
    def test_is_refused_before_a_bare_word_that_may_be_its_unit(self, ana: Person, general: str) -> None:
        for typed in [
            "2 hrs",
            "90 seconds",
            "30 mins",
            "1 hr",
            "10 sec",
            "3 wks",
            "1 fortnight",
            "3 hs",
            "=2 hrs",
            "\uff13 moons",
            "30 minutes",
        ]:
            reply = say(ana, general, f"generate ci --read-only --expires {typed}".replace(" =", "="))

            assert reply.startswith("--expires takes a number of days, for example --expires 30d."), typed
            assert "type: /api-keys generate ci --read-only --expires 1d\n" in reply, typed
        assert not ApiKey.objects.exists()

    def test_gets_the_command_for_days_and_for_a_name(self, ana: Person, general: str) -> None:
        for typed, days, name in [
            ("ci --expires 2 days", "generate ci --expires 2d", 'generate "ci days" --expires 2'),
            ("--expires 30 d", "generate --expires 30d", 'generate "d" --expires 30'),
            ("--expires 30 ci", "generate --expires 1d", 'generate "ci" --expires 30'),
        ]:
            reply = say(ana, general, f"generate {typed}")

            assert f"type: /api-keys {days}\n" in reply, typed
            assert reply.endswith(f"/api-keys {name}"), typed
        assert not ApiKey.objects.exists()

    def test_is_refused_in_spanish(self, ana: Person, general: str) -> None:
        Member.objects.filter(email=ana.email).update(language="es")

        reply = say(ana, general, "generate ci --expires 3 hs")

        assert reply.startswith("--expires admite un número de días, por ejemplo --expires 30d.")
        assert "no se creó ninguna clave" in reply
        assert not ApiKey.objects.exists()

    def test_stands_before_a_name_in_quotes_or_has_its_unit(self, ana: Person, general: str) -> None:
        for line in (
            '--expires 30 "ci hrs"',
            "--expires 30d ci",
            "nightly --expires 30",
            "--expires 7 --post bot",
        ):
            assert "Your new key" in say(ana, general, f"generate {line}"), line

        assert set(ApiKey.objects.values_list("name", flat=True)) == {"ci hrs", "ci", "nightly", "bot"}


class TestTheFirstLine:
    def test_says_how_much_a_key_can_do_where_nobody_said_it(self, ana: Person, general: str) -> None:
        first, second, *_rest = say(ana, general, "generate deploy bot").splitlines()

        assert first == "Full access, never expires."
        assert second == "Your new key “deploy bot” never expires."

    def test_says_it_in_spanish(self, ana: Person, general: str) -> None:
        Member.objects.filter(email=ana.email).update(language="es")

        first = say(ana, general, "generate").splitlines()[0]

        assert first == "Acceso completo, no caduca nunca."

    def test_says_when_the_key_ends(self, ana: Person, general: str) -> None:
        reply = say(ana, general, "generate ci --expires 30")

        assert reply.startswith("Full access until ")
        end = ApiKey.objects.get().expires_at
        assert end is not None
        assert timedelta(days=29) < end - timezone.now() <= timedelta(days=30)

    def test_says_what_the_workspace_leaves(self, ana: Person, general: str) -> None:
        workspace = Workspace.objects.get(pumble_id=ana.workspace_id)
        for lifetime, beginning in [
            (None, "All permissions that this workspace allows, never expires."),
            (timedelta(days=45), "All permissions that this workspace allows, until "),
        ]:
            terms = PolicyValues(allowed_scopes=["messages:write", "user:read"], max_lifetime=lifetime)
            policies.change_policy(workspace=workspace, values=terms, by=OPERATOR, now=timezone.now())

            first = say(ana, general, "generate").splitlines()[0]

            assert first.startswith(beginning)

    def test_is_the_keys_name_where_somebody_chose(self, ana: Person, general: str) -> None:
        for number, flag in enumerate(("--read-only", "--post", "--full", "--scopes user:read")):
            assert say(ana, general, f"generate ci{number} {flag}").startswith(f"Your new key “ci{number}”")


class TestHelp:
    @pytest.mark.parametrize("verb", ["generate", "rotate", "delete", "disable", "rename"])
    def test_after_a_verb_is_that_verbs_and_nothing_else_happens(
        self, ana: Person, general: str, verb: str
    ) -> None:
        key, _ = issue(ana, "ci")
        for word in ("-h", "--help", "help", "HELP", "\u2014help", "-?", "?", "ayuda", "ci -h", "ci help"):
            assert say(ana, general, f"{verb} {word}").startswith(f"/api-keys {verb} "), word
        assert is_untouched(key)

    def test_alone_is_the_whole_help(self, ana: Person, general: str) -> None:
        for word in ("-h", "--help", "?", "ayuda"):
            assert "/api-keys rotate" in say(ana, general, word), word

    def test_leads_administrators_to_the_admin(self, ana: Person, ben: Person, general: str) -> None:
        assert "Open the admin" in say(ana, general, "help")
        Member.objects.filter(pumble_user_id=ben.id).update(role=Member.Role.USER)
        assert "Open the admin" not in say(ben, general, "help")

    def test_of_a_verb_says_what_its_flags_do(self, ana: Person, general: str) -> None:
        reply = say(ana, general, "help generate")

        assert "--post: the key can post as you" in reply
        assert "messages:delete" in reply
        assert "Text in quotes is always a name" in reply


class TestQuotationMarks:
    def test_of_any_language_hold_a_name(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "ci")
        for quoted in [
            '"{}"',
            "“{}”",
            "„{}“",
            "„{}”",
            "”{}”",
            "“{}“",
            "'{}'",
            "‘{}’",
            "’{}’",
            "‚{}‘",
            "«{}»",
            "« {} »",
            "«\u00a0{}\u00a0»",
            "»{}«",
            "»{}»",
            "‹{}›",
            "›{}‹",
            "「{}」",
            "『{}』",
            "《{}》",
            "〈{}〉",
            "〝{}〟",
            "\uff02{}\uff02",
            "`{}`",
        ]:
            old, new = quoted.format("deploy read-only"), quoted.format("prod bot")

            say(ana, general, f"rename ci {old}")
            assert say(ana, general, f"rename {old} {new}").startswith("Renamed"), quoted
            assert ApiKey.objects.get().name == "prod bot"
            say(ana, general, f"rename {key.key_id} ci")

    @pytest.mark.parametrize(
        "quoted", ["„read-only“", "”read-only”", "'read-only'", "『read-only』", '"read-only”']
    )
    def test_make_a_name_of_what_looks_like_a_restriction(
        self, ana: Person, general: str, quoted: str
    ) -> None:
        say(ana, general, f"generate {quoted} --post")

        key = ApiKey.objects.get()
        assert (key.name, key.scopes) == ("read-only", POST)

    def test_around_nothing_are_no_name(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "ci")

        assert "1 to 64 visible characters" in say(ana, general, "generate “”")
        assert "1 to 64 visible characters" in say(ana, general, 'rename ci ""')
        assert "Which key?" in say(ana, general, 'delete ""')
        assert "You have no key" in say(ana, general, 'rename "" x')
        assert is_untouched(key)

    def test_around_two_names_make_no_third(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "ci prod")
        for verb in ("delete", "rotate", "disable", "usage"):
            reply = say(ana, general, f"{verb} “ci” “prod”")

            assert "Put the whole name in quotes" in reply, verb
            assert f'/api-keys {verb} "ci prod"' in reply
        assert is_untouched(key)

    def test_without_end_take_no_time(self, ana: Person, general: str) -> None:
        for line in ("« " * 4000, "'a " * 4000, "generate " + "„x" * 4000):
            began = time.monotonic()
            reply = say(ana, general, f"generate {line}")

            assert "The command is too long" in reply
            assert time.monotonic() - began < 3
        assert not ApiKey.objects.exists()

    def test_that_are_apostrophes_stay_in_the_name(self, ana: Person, general: str) -> None:
        for name in ("Bob’s key", "l'équipe", "’90s bot", "5 o’clock"):
            say(ana, general, f"generate “{name}” --post")

            assert ApiKey.objects.filter(name=name).exists(), name
            assert "Deleted" in say(ana, general, f"delete “{name}”"), name


class TestUnicodeNames:
    @pytest.mark.parametrize(("made", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
    def test_in_composed_and_decomposed_form_are_the_same(
        self, ana: Person, general: str, made: str, typed: str
    ) -> None:
        say(ana, general, f"generate {made} --post")

        assert ApiKey.objects.get().name == COMPOSED
        assert "already have a key with this name" in say(ana, general, f"generate {typed.upper()} --post")
        assert "Disabled" in say(ana, general, f"disable {typed}")
        assert "Enabled" in say(ana, general, f"enable “{typed}”")
        assert "The old key works until" in say(ana, general, f"rotate {typed}")
        assert "Renamed" in say(ana, general, f"rename “{typed}” ci")

    @pytest.mark.parametrize(
        ("stored", "typed"),
        [
            (DECOMPOSED, COMPOSED),
            ("\u212bngström", "ångström"),
            (unicodedata.normalize("NFD", "한국어"), "한국어"),
            ("♥\ufe0f bot", "♥ bot"),
            ("straße", "STRASSE"),
        ],
    )
    def test_that_an_earlier_version_stored_are_found_and_kept_unique(
        self, ana: Person, general: str, stored: str, typed: str
    ) -> None:
        issue(ana, "old")
        ApiKey.objects.update(name=stored)

        assert "already have a key with this name" in say(ana, general, f"generate “{typed}” --post")
        assert "Deleted" in say(ana, general, f"delete {typed}")

    def test_that_an_earlier_version_stored_twice_are_told_apart_by_id(
        self, ana: Person, general: str
    ) -> None:
        one, _ = issue(ana, "one")
        two, _ = issue(ana, "two")
        ApiKey.objects.filter(pk=one.pk).update(name=COMPOSED)
        ApiKey.objects.filter(pk=two.pk).update(name=DECOMPOSED)

        reply = say(ana, general, f"delete {COMPOSED}")

        assert one.key_id in reply
        assert two.key_id in reply
        assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()
        assert "Deleted" in say(ana, general, f"delete {two.key_id}")

    def test_that_are_refused_say_which_character_is_the_trouble(self, ana: Person, general: str) -> None:
        issue(ana, "ci")
        for name, trouble in [
            ("a\u202eb", "U+202E (right-to-left override)"),
            ("a\u200bb", "U+200B (zero width space)"),
            ("\ufeffci", "U+FEFF (zero width no-break space)"),
            ("a\u3164", "U+3164 (hangul filler)"),
            ("\u2800", "U+2800 (braille pattern blank)"),
            ("a\ue000", "U+E000 (unnamed character)"),
            ("a\x07b", "U+0007 (control character)"),
            ("\u0301", "U+0301 (combining acute accent)"),
        ]:
            assert f"The name contains {trouble}." in say(ana, general, f"generate {name} --post")
            assert f"The name contains {trouble}." in say(ana, general, f"rename ci {name}")
        assert ApiKey.objects.get().name == "ci"

    def test_that_are_too_long_say_how_long(self, ana: Person, general: str) -> None:
        assert "The name has 65 characters." in say(ana, general, f"generate {'x' * 65}")

    def test_are_separated_by_any_whitespace(self, ana: Person, general: str) -> None:
        for blank in ("\u00a0", "\u3000", "\u2003", "\u202f", "\u2028", "\t"):
            name = f"deploy{blank}{blank}bot{ord(blank)}"

            ana.type(general, f"/api-keys generate{blank}{name}{blank}--post{blank}--expires{blank}7d")

            assert ApiKey.objects.get(name=f"deploy bot{ord(blank)}").scopes == POST
            assert "Deleted" in say(ana, general, f"delete{blank}{name}")
