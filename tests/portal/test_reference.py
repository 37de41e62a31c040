"""The reference: the OpenAPI description, its pages and languages, and its compatibility."""

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from pytest_django import Settings

from keys.reasons import CATALOGUE, PUMBLE_TIMEOUT
from portal.api import normalization
from portal.api.urls import OPERATIONS
from portal.reference.code_samples import samples
from portal.reference.markup import paragraphs
from tests.contract.wire import issue
from tests.environment import PROJECT
from tests.portal import contract_changes
from tests.pumble import Person

Json = dict[str, Any]

NAMES = [operation.operation for operation in OPERATIONS]
SHARED = {"405", "429", "500", "503"}
OF_PUMBLE = {"502", "504"}


@pytest.fixture
def described(client: Client) -> Json:
    found: Json = client.get("/api-docs/openapi.json").json()
    return found


def operations(description: Json) -> Iterator[Json]:
    for methods in description["paths"].values():
        yield from methods.values()


def find(description: Json, name: str) -> Json:
    return next(operation for operation in operations(description) if operation["operationId"] == name)


def resolve(description: Json, part: Json) -> Json:
    while "$ref" in part:
        found: Json = description
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


class TestTheDescription:
    def test_is_valid_and_made_without_a_warning(self, described: Json, capsys: Any) -> None:
        validate(described)
        call_command("spectacular", "--fail-on-warn", "--validate")

        assert described["openapi"] == "3.1.0"
        assert capsys.readouterr().err == ""

    def test_has_the_operations_and_groups_in_the_order_of_the_reference(
        self, described: Json, settings: Settings
    ) -> None:
        assert [operation["operationId"] for operation in operations(described)] == NAMES
        assert [path.strip("/") for path in described["paths"]] == NAMES
        tags = [tag["name"] for tag in described["tags"]]
        assert tags == ["Channels", "Messages", "Scheduled Messages", "Events", "Users", "Key Management"]
        assert all(tag["description"] for tag in described["tags"])
        assert described["servers"] == [{"url": settings.PUBLIC_URL}]

    def test_takes_the_key_in_its_own_header_first_and_as_a_bearer_token(self, described: Json) -> None:
        schemes = described["components"]["securitySchemes"]

        assert schemes["ApiKeyAuth"].items() >= {"type": "apiKey", "in": "header", "name": "ApiKey"}.items()
        assert schemes["BearerAuth"].items() >= {"type": "http", "scheme": "bearer"}.items()
        for operation in operations(described):
            assert operation["security"] == [{"ApiKeyAuth": []}, {"BearerAuth": []}]

    @pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
    def test_says_everything_of_each_operation(self, described: Json, operation: Any) -> None:
        name = operation.operation
        found = find(described, name)

        assert found["summary"]
        assert found["tags"] == [operation.tag]
        assert found["x-required-scopes"] == ([operation.scope] if operation.scope else [])
        assert f"`{operation.scope}`" in found["description"] or operation.scope is None
        assert len(found["description"].split("\n\n")) == 2
        assert [sample["label"] for sample in found["x-codeSamples"]] == ["curl", "Python", "JavaScript"]
        may_ask = operation.calls_pumble or PUMBLE_TIMEOUT in operation.errors
        expected = {"200", "403"} | SHARED | (OF_PUMBLE if may_ask else set())
        assert set(found["responses"]) == expected | (
            {"413"} if operation.method != "GET" or name == "fetchFile" else set()
        )
        for parameter in found.get("parameters", []):
            assert parameter["description"]
        if operation.method == "POST":
            body = found["requestBody"]["content"]["application/json"]
            assert body["examples"]["Example"]["value"] == operation.request_example
            fields = resolve(described, body["schema"])["properties"].values()
            assert all(field.get("description") for field in fields)

    @pytest.mark.parametrize("name", NAMES)
    def test_gives_examples_that_keep_to_its_schemas(self, described: Json, name: str) -> None:
        def check(content: Json) -> None:
            schema = content["schema"] | {"components": described["components"]}
            validator = OAS31Validator(schema)
            for example in content["examples"].values():
                validator.validate(example["value"])

        operation = find(described, name)
        for response in operation["responses"].values():
            content = resolve(described, response)["content"]
            if "application/octet-stream" not in content:
                check(content["application/json"])
        if "requestBody" in operation:
            check(operation["requestBody"]["content"]["application/json"])

    def test_explains_every_reason_that_can_be_given(self, described: Json) -> None:
        explained = set()
        for operation in operations(described):
            for status, response in operation["responses"].items():
                if status != "200":
                    content = resolve(described, response)["content"]["application/json"]
                    for example in content["examples"].values():
                        assert example["summary"]
                        assert example["description"]
                        explained.add(example["value"]["reason"])

        assert explained == {spec.reason for spec in CATALOGUE.values()}

    @pytest.mark.parametrize("name", ["sendMessage", "dmGroup", "searchMessages"])
    def test_says_of_which_fields_one_is_needed(self, described: Json, name: str) -> None:
        content = find(described, name)["requestBody"]["content"]["application/json"]

        body = resolve(described, content["schema"])
        assert len(body["x-any-required"]) >= 2
        assert all(f"`{field}`" in body["description"] for field in body["x-any-required"])

    def test_states_the_strict_form_of_inputs(self, described: Json) -> None:
        success = {one["name"]: one["schema"] for one in find(described, "listMessages")["parameters"]}

        assert success["channelId"]["pattern"] == "^[0-9a-f]{24}$"
        assert success["limit"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 100}
        assert success["strategy"]["enum"] == ["BEFORE", "AFTER", "AROUND"]
        assert re.search(success["cursor"]["pattern"], "2026-11-22T10:00:00Z")

    def test_says_what_is_answered_with_the_other_statuses_too(
        self, client: Client, settings: Settings
    ) -> None:
        settings.API_STATUS = "semantic"

        operation = find(client.get("/api-docs/openapi.json").json(), "fetchMessage")

        assert {"400", "401", "403", "404"} <= set(operation["responses"])

    def test_is_the_same_as_yaml(self, client: Client, described: Json) -> None:
        text = client.get("/api-docs/openapi.yaml").content.decode()

        assert yaml.safe_load(text) == described
        assert "&id" not in text


class TestAnAnswer:
    """What is rendered is no serializer's: it keeps to their description all the same."""

    KINDS: dict[str, tuple[str, Callable[[Json], Json]]] = {
        "User": ("myInfo", normalization.user),
        "Message": ("fetchMessage", normalization.message),
        "ScheduledMessage": ("fetchScheduledMessage", normalization.scheduled_message),
        "Channel": ("getChannel", normalization.channel),
        "UserGroup": ("listUserGroups", normalization.user_group),
    }
    ALWAYS_SENT = {"id", "workspaceId", "channelId", "author", "timestamp", "timestampMilli", "channelType"}

    @pytest.mark.parametrize("kind", KINDS)
    def test_keeps_to_the_description_wherever_pumble_says_null(self, described: Json, kind: str) -> None:
        name, normalize = self.KINDS[kind]
        content = find(described, name)["responses"]["200"]["content"]["application/json"]
        example = content["examples"]["Example"]["value"]
        example = example[0] if isinstance(example, list) else example.get("channel", example)
        schema = described["components"]["schemas"][kind]
        validator = OAS31Validator(schema | {"components": described["components"]})

        wrong = {
            field: error.message
            for field in schema["properties"].keys() - self.ALWAYS_SENT
            for error in validator.iter_errors(normalize(example | {field: None}))
        }

        assert not wrong


class TestTheLanguages:
    def test_change_words_and_nothing_else(self, client: Client, described: Json) -> None:
        answer = client.get("/api-docs/openapi.json", headers={"accept-language": "es"})

        spanish = answer.json()
        assert find(spanish, "sendMessage")["summary"] == "Enviar un mensaje a un canal"
        assert contract_changes.without_texts(spanish) | {"info": {}} == contract_changes.without_texts(
            described
        ) | {"info": {}}
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
        assert answer["Content-Language"] == "es"

    def test_leave_nothing_untranslated(self, client: Client, described: Json) -> None:
        spanish = client.get("/api-docs/openapi.json", headers={"accept-language": "es"}).json()

        alike = {text for text in set(self.words(described)) & set(self.words(spanish)) if " " in text}

        assert not alike

    def words(self, part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            for key, item in part.items():
                if key in {"summary", "description", "title"} and isinstance(item, str):
                    yield item
                elif key not in {"value", "example", "properties"}:
                    yield from self.words(item)
                elif key == "properties":
                    for field in item.values():
                        yield from self.words(field)
        elif isinstance(part, list):
            for item in part:
                yield from self.words(item)

    def test_follow_the_choice_that_was_made(self, client: Client) -> None:
        client.cookies["language"] = "es"

        for address in ("/api-docs/", "/api-docs/plain/"):
            assert '<html lang="es">' in client.get(address).content.decode()
        assert "Canales" in client.get("/api-docs/plain/").content.decode()


class TestThePlainPage:
    def test_has_every_operation_with_all_that_the_description_says(
        self, client: Client, described: Json
    ) -> None:
        page = client.get("/api-docs/plain/").content.decode()

        for operation in operations(described):
            assert f'<h3 id="{operation["operationId"]}">' in page
            assert f'<a href="#{operation["operationId"]}">' in page
        for reason in {spec.reason for spec in CATALOGUE.values()}:
            assert f"<code>{reason}</code>" in page
        for name in ("User", "Message", "KeyInfo", "LegacyError", "StructuredError"):
            assert f'id="object-{name}"' in page
        assert page.count("$PUMBLE_API_KEY") == len(NAMES) + 1  # and the quick start
        assert all(f'id="error-{spec.reason}"' in page for spec in CATALOGUE.values())

    def test_needs_no_script_and_leads_nowhere_that_is_not_there(self, client: Client) -> None:
        page = client.get("/api-docs/plain/").content.decode()

        assert "<script" not in page
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)

    def test_keeps_headers_apart_from_the_fields_of_a_body(self, client: Client) -> None:
        page = client.get("/api-docs/plain/").content.decode()

        sending = page.partition('<h3 id="sendMessage">')[2].partition("</article>")[0]
        fields, headers = (
            sending.partition("<h4>Headers</h4>")[at].partition("</table>")[0] for at in (0, 2)
        )
        assert "<code>text</code>" in fields
        assert "Idempotency-Key" not in fields
        assert "<code>Idempotency-Key</code>" in headers

    def test_escapes_what_it_shows(self) -> None:
        text = paragraphs("a <b> `c<d>` **e&f**\n\nsecond")

        assert text == ("<p>a &lt;b&gt; <code>c&lt;d&gt;</code> <strong>e&amp;f</strong></p>\n<p>second</p>")


class TestTheMarkdown:
    """What an agent reads: everything that it needs for a call, and no word of HTML."""

    @pytest.fixture
    def text(self, client: Client) -> str:
        return client.get("/api-docs/plain.md").content.decode()

    def test_has_every_operation_with_its_fields_and_a_sample(self, text: str, described: Json) -> None:
        for operation in operations(described):
            part = text.partition(f"### `{operation['operationId']}`:")[2].partition("\n### ")[0]
            assert operation["summary"] in part
            scopes = operation["x-required-scopes"]
            any_scope = operation.get("x-any-scope", ["none"])[0]
            assert f"Scope: `{scopes[0]}`" in part if scopes else any_scope in part
            for parameter in operation.get("parameters", []):
                assert f"- `{parameter['name']}` (" in (part if parameter["in"] == "query" else text)
            if "requestBody" in operation:
                body = resolve(described, operation["requestBody"]["content"]["application/json"]["schema"])
                for name in body["properties"]:
                    assert f"- `{name}` (" in part
            assert operation["x-codeSamples"][0]["source"] in part

    def test_explains_every_reason_and_object(self, text: str) -> None:
        explained = text.partition("\n## Common errors\n")[2]

        for reason in {spec.reason for spec in CATALOGUE.values()}:
            assert re.search(rf"- \d{{3}} `{reason}` .+: .+ `{{.+}}`\n", explained)
        named = set(re.findall(r"(?:with:|list of|\() `?([A-Z]\w+)`", text.replace("(`", "( `")))
        assert {"MessageRef", "Block", "Reaction"} <= named
        for name in named:
            assert f"\n### `{name}`\n" in explained

    def test_is_text_without_marks_of_html(self, text: str) -> None:
        assert text.startswith("# API reference\n")
        assert "&quot;" not in text
        assert "&#x27;" not in text
        assert not re.search(r"</?(a|p|code|table|span)\b", text)
        assert "\n\n\n" not in text

    def test_tells_enough_to_send_a_message(self, text: str, settings: Settings) -> None:
        about = text.partition("\n## ")[0]

        for word in (
            settings.PUBLIC_URL,
            "`ApiKey`",
            "`Idempotency-Key`",
            "`Retry-After`",
            "`reason`",
            "dry-run",
            "/api-keys generate",
        ):
            assert word in about


class TestTheTextsForPrograms:
    """The Markdown and llms.txt."""

    FACES = [("/api-docs/plain.md", "text/markdown"), ("/llms.txt", "text/plain")]

    @pytest.mark.parametrize(("address", "kind"), FACES)
    def test_need_no_session_and_set_no_cookie(self, client: Client, address: str, kind: str) -> None:
        answer = client.get(address)

        assert (answer.status_code, answer["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert not answer.cookies
        assert client.head(address)["Content-Type"] == answer["Content-Type"]
        assert client.post(address).status_code == 405

    @pytest.mark.parametrize(("address", "kind"), FACES)
    def test_follow_the_language(self, client: Client, address: str, kind: str) -> None:
        answer = client.get(address, headers={"accept-language": "es"})

        assert answer["Content-Language"] == "es"
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
        spanish, english = answer.content.decode(), client.get(address).content.decode()
        same = {line for line in spanish.splitlines() if line in english.splitlines()}
        # Names, code and data stay; a sentence does not.
        assert not {line for line in same if re.search(r"^[A-Z>#-].*[a-z]{3} [a-z]+ [a-z]+ ", line)}

    def test_lead_to_each_other_and_to_the_description(self, client: Client, settings: Settings) -> None:
        faces = (
            "/api-docs/",
            "/api-docs/plain/",
            "/api-docs/plain.md",
            "/llms.txt",
            "/api-docs/openapi.json",
            "/api-docs/openapi.yaml",
        )

        for face in faces[:4]:
            page = client.get(face).content.decode()
            for other in faces:
                whole = f"({settings.PUBLIC_URL}{other})" if face in faces[2:] else f'href="{other}"'
                assert whole in page or face == other, (face, other)

    def test_name_the_same_limits_and_headers_as_the_description(
        self, client: Client, described: Json
    ) -> None:
        text = client.get("/llms.txt").content.decode()

        assert find(described, "sendMessage")["x-codeSamples"][0]["source"].replace(" \\\n ", "") in text
        assert all(name in text for name in ("Idempotency-Key", "handling=dry-run", "Retry-After"))
        assert len(text.splitlines()) < 25


class TestTheSamples:
    EXAMPLE = {
        "channel": "it's",
        "text": 'say "hi" ñ',
        "asBot": True,
        "in": ["a", "b"],
        "more": {"none": None},
    }

    def source(self, language: str, method: str, example: Json | None = None) -> str:
        found = samples("http://keys.test/do", method, example)
        return str(next(one["source"] for one in found if one["label"] == language))

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_in_python_are_python_and_say_the_example(self, method: str) -> None:
        source = self.source("Python", method, self.EXAMPLE if method == "POST" else {"reaction": ":+1:"})

        compile(source, "sample", "exec")
        assert f"requests.{method.lower()}(" in source
        if method == "POST":
            assert eval(re.search(r"json=(\{.*\}),\n", source, re.S)[1]) == self.EXAMPLE  # type: ignore[index]  # noqa: S307 - our own text
        else:
            assert "?reaction=%3A%2B1%3A" in source

    def test_in_javascript_hold_the_example_as_an_object(self) -> None:
        source = self.source("JavaScript", "POST", {"asBot": True, "text": "a", "none": None})

        assert '"asBot": true,' in source
        assert '"none": null,' in source
        assert 'method: "POST"' in source

    def test_never_hold_a_key(self, described: Json) -> None:
        for operation in operations(described):
            for sample in operation["x-codeSamples"]:
                assert "PUMBLE_API_KEY" in sample["source"]
                assert "pmb_" not in sample["source"]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("language", ["curl", "Python"])
    def test_work_as_they_stand(self, portal: str, ana: Person, client: Client, language: str) -> None:
        environment = os.environ | {"PUMBLE_API_KEY": issue("ana@acme.test")}
        description = client.get("/api-docs/openapi.json").json()
        for name, expected in {
            "sendMessage": "channelId",
            "listMessages": "hasMoreBefore",
            "myInfo": "ana@acme.test",
            "keyInfo": "scopes",
        }.items():
            source = next(
                one["source"] for one in find(description, name)["x-codeSamples"] if one["label"] == language
            )
            command = ["sh", "-c", source] if language == "curl" else [sys.executable, "-c", source]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
            assert expected in done.stdout, done.stderr


@pytest.fixture
def old() -> Json:
    return contract_changes.snapshot()


class TestTheContractCheck:
    def test_finds_that_what_is_served_breaks_nobody(self) -> None:
        served = contract_changes.without_texts(contract_changes.current_schema())

        found = contract_changes.find_breaking_changes(contract_changes.snapshot(), served)

        assert not found, "This breaks clients:\n" + "\n".join(found)
        assert served == contract_changes.snapshot(), (
            f"The API grew, and breaks nobody. Take the new description as the measure: {contract_changes.REFRESH}"
        )

    def changed(self, old: Json) -> Json:
        return copy.deepcopy(old)

    def body(self, description: Json, name: str) -> Json:
        content = find(description, name)["requestBody"]["content"]["application/json"]
        return resolve(description, content["schema"])

    def parameter(self, description: Json, operation: str, name: str) -> Json:
        found: Json = next(one for one in find(description, operation)["parameters"] if one["name"] == name)
        return found

    def the_only(self, old: Json, new: Json) -> str:
        found = contract_changes.find_breaking_changes(old, new)
        assert len(found) == 1, found
        return found[0]

    def test_passes_what_is_the_same(self, old: Json) -> None:
        assert contract_changes.find_breaking_changes(old, self.changed(old)) == []

    def test_passes_additions(self, old: Json) -> None:
        new = self.changed(old)
        new["paths"]["/more"] = {"get": {"operationId": "more", "responses": {}}}
        self.body(new, "sendMessage")["properties"]["mood"] = {"type": "string"}
        self.parameter(new, "listMessages", "strategy")["schema"]["enum"].append("BESIDE")
        self.parameter(new, "listMessages", "limit")["schema"]["maximum"] = 500
        new["components"]["schemas"]["User"]["properties"]["mood"] = {"type": "string"}
        new["components"]["schemas"]["LegacyError"]["properties"]["reason"]["enum"].append("mood")

        assert contract_changes.find_breaking_changes(old, new) == []

    def test_names_an_operation_that_is_gone(self, old: Json) -> None:
        new = self.changed(old)
        del new["paths"]["/dmUser"]

        assert self.the_only(old, new) == "dmUser is gone: whoever calls POST /dmUser is refused."

    def test_names_a_new_required_field(self, old: Json) -> None:
        new = self.changed(old)
        body = self.body(new, "createChannel")
        body["properties"]["mood"] = {"type": "string"}
        body["required"].append("mood")

        assert self.the_only(old, new) == (
            "createChannel: the body now requires mood: whoever leaves it out is refused."
        )

    def test_names_a_new_required_parameter(self, old: Json) -> None:
        new = self.changed(old)
        self.parameter(new, "getChannel", "channelId")["required"] = True

        assert "getChannel now requires the parameter channelId" in self.the_only(old, new)

    def test_names_a_field_and_a_parameter_that_are_gone(self, old: Json) -> None:
        new = self.changed(old)
        del self.body(new, "dmUser")["properties"]["asBot"]
        find(new, "getChannel")["parameters"].pop(0)

        found = contract_changes.find_breaking_changes(old, new)

        assert any(one.startswith("dmUser: the body no longer takes asBot") for one in found)
        assert any(one.startswith("getChannel no longer takes the parameter channelId") for one in found)
        assert len(found) == 2

    def test_names_a_field_of_another_type(self, old: Json) -> None:
        new = self.changed(old)
        self.body(new, "dmUser")["properties"]["text"]["type"] = "integer"

        assert "text in the body is now integer, was string" in self.the_only(old, new)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"enum": ["BEFORE", "AFTER"]}, "no longer takes AROUND"),
            ({"pattern": "^B"}, "now must match ^B"),
            ({"maxLength": 3}, "now has maxLength 3, had none"),
        ],
    )
    def test_names_a_narrower_set_of_values(self, old: Json, change: Json, said: str) -> None:
        new = self.changed(old)
        self.parameter(new, "listMessages", "strategy")["schema"].update(change)

        assert said in self.the_only(old, new)

    def test_names_a_lower_limit(self, old: Json) -> None:
        new = self.changed(old)
        self.parameter(new, "listMessages", "limit")["schema"]["maximum"] = 50

        assert "now has maximum 50, had 200" in self.the_only(old, new)

    def test_names_what_is_needed_of_several_and_was_not(self, old: Json) -> None:
        new = self.changed(old)
        self.body(new, "dmUser")["x-any-required"].pop()

        assert "dmUser: the body now needs one of other fields" in self.the_only(old, new)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda user: user["required"].remove("email"), "may now lack email"),
            (lambda user: user["properties"].pop("title"), "no longer has title"),
            (lambda user: user["properties"]["email"].update(type=["string", "null"]), "may now be null"),
            (lambda user: user["properties"]["email"].update(type="object"), "is now object, was string"),
        ],
    )
    def test_names_what_an_answer_loses(self, old: Json, change: Any, said: str) -> None:
        new = self.changed(old)
        change(new["components"]["schemas"]["User"])

        found = contract_changes.find_breaking_changes(old, new)

        assert {one.split(":")[0] for one in found} == {"listUsers", "myInfo"}
        assert all(said in one for one in found)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
            (
                {"allOf": [{"$ref": "#/components/schemas/Reaction"}], "nullable": True},
                {"oneOf": [{"$ref": "#/components/schemas/Reaction"}, {"type": "null"}]},
            ),
        ],
    )
    def test_knows_null_as_both_versions_of_openapi_say_it(
        self, old: Json, before: Json, after: Json
    ) -> None:
        new = self.changed(old)
        old["components"]["schemas"]["User"]["properties"]["title"] = before
        new["components"]["schemas"]["User"]["properties"]["title"] = after

        assert contract_changes.find_breaking_changes(old, new) == []
        never = self.changed(new)
        never["components"]["schemas"]["User"]["properties"]["title"] = {"type": "string"}
        assert any(
            "may now be null" in one or "is now" in one
            for one in contract_changes.find_breaking_changes(never, new)
        )

    def test_names_a_schema_that_is_gone(self, old: Json) -> None:
        new = self.changed(old)
        del new["components"]["schemas"]["StructuredError"]

        assert "The schema StructuredError is gone" in self.the_only(old, new)

    def test_names_a_list_that_became_an_object(self, old: Json) -> None:
        new = self.changed(old)
        answer = find(new, "listUsers")["responses"]["200"]["content"]["application/json"]
        answer["schema"] = {"type": "object"}

        assert "listUsers: the answer is now object, was array" in self.the_only(old, new)

    def test_names_a_scope_and_a_header_that_changed(self, old: Json) -> None:
        new = self.changed(old)
        find(new, "myInfo")["x-required-scopes"].append("users:list")
        find(new, "listUsers")["security"].pop(0)

        found = contract_changes.find_breaking_changes(old, new)

        assert found == [
            "listUsers no longer takes ApiKeyAuth: whoever sends the key that way is refused.",
            "myInfo now needs the scope users:list: keys without it are refused.",
        ]

    def test_keeps_fields_that_are_called_like_words(self) -> None:
        channel: Json = {"properties": {"description": {"type": "string", "description": "words"}}}

        assert contract_changes.without_texts(channel) == {"properties": {"description": {"type": "string"}}}


class TestDeploying:
    def test_finds_nothing_to_warn_of(self) -> None:
        """The description is made without a warning there too: drf-spectacular's checks run with `--deploy`."""
        environment = os.environ | {
            "PUBLIC_URL": "https://keys.example.com",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stderr
