"""One operation of the OpenAPI description, made from what its view says of itself."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample

from portal.api.base import OperationView
from portal.reference import error_responses, fields, texts
from portal.reference.objects import list_of, ref
from portal.reference.samples import samples

__all__ = ["OperationSchema", "fields"]  # drf-spectacular finds the fields' extensions once they are imported


class OperationSchema(AutoSchema):
    view: OperationView  # type: ignore[override]

    def get_operation_id(self) -> str:
        return self.view.operation

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        return str(self.view.summary)

    def get_description(self) -> str:  # type: ignore[override]
        scope = _("Scope: `%(scope)s`") % {"scope": self.view.scope} if self.view.scope else _("Scope: none")
        return f"{self.view.description}\n\n{scope}".strip()

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"ApiKeyAuth": []}, {"BearerAuth": []}]

    def get_extensions(self) -> dict[str, Any]:
        view = self.view
        url = f"{settings.PUBLIC_URL}/{view.operation}"
        return {
            "x-required-scopes": [view.scope] if view.scope else [],
            "x-codeSamples": samples(url, view.method, view.request_example),
        }

    def get_override_parameters(self) -> list[Any]:
        in_query = self.view.method != "POST" and bool(self.view.input_serializer().fields)
        return [self.view.input_serializer] if in_query else []

    def get_request_serializer(self) -> Any:
        return self.view.input_serializer if self.view.method == "POST" else None

    def get_examples(self) -> list[OpenApiExample]:
        if self.view.request_example is None or self.view.method != "POST":
            return []
        return [
            OpenApiExample(
                "Example",
                self.view.request_example,
                summary=str(texts.EXAMPLE_REQUEST),
                request_only=True,
            )
        ]

    def _get_parameters(self) -> list[dict[str, Any]]:
        examples = self.view.request_example or {}
        return [
            parameter | ({"example": examples[parameter["name"]]} if parameter["name"] in examples else {})
            for parameter in super()._get_parameters()
        ] + (texts.write_headers() if self.view.writes() else [])

    def get_response_serializers(self) -> Any:
        answers = self.view.response_serializer
        return {200: list_of(ref(answers[0])) if isinstance(answers, list) else ref(answers)}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        schema = self.get_response_serializers()[200]
        example = {"summary": str(texts.EXAMPLE_ANSWER), "value": self.view.answer_example}
        of_writes = {
            name: {"$ref": f"#/components/headers/{name.replace('-', '')}"}
            for name in ("Idempotency-Replayed", "Preference-Applied")
        }
        success = {
            "description": str(texts.SUCCESS),
            "headers": {
                "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
                **error_responses.RATE_LIMIT_HEADERS,
                **(of_writes if self.view.writes() else {}),
            },
            "content": {"application/json": {"schema": schema, "examples": {"Example": example}}},
        }
        return {"200": success} | error_responses.responses_of(self.view)
