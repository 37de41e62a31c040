"""Describe an operation in OpenAPI, from the attributes of its view."""

from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer
from rest_framework.serializers import ListSerializer

from portal.api.base import OperationView
from portal.api.serializers.base import Input
from portal.reference import error_responses, texts
from portal.reference.code_samples import samples

JSON, FORM = "application/json", "multipart/form-data"
ANY_REQUIRED = "x-any-required"  # the fields of which at least one is required


class OperationSchema(AutoSchema):
    view: OperationView  # type: ignore[override]

    @property
    def _returns_file(self) -> bool:
        return self.view.response_serializer is OpenApiTypes.BINARY

    def get_operation_id(self) -> str:
        return self.view.operation

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        return str(self.view.summary)

    def get_description(self) -> str:  # type: ignore[override]
        scope = _("Scope: `%(scope)s`") % {"scope": self.view.scope} if self.view.scope else _("Scope: none")
        if self.view.any_scope:
            names = ", ".join(f"`{name}`" for name in self.view.any_scope)
            scope = _("Scope: at least one of %(scopes)s. The answer has what the key's scopes allow.") % {
                "scopes": names
            }
        if self.view.form_serializer:
            scope += " " + _("(with files also `files:write`)")
        return f"{self.view.description}\n\n{scope}".strip()

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"ApiKeyAuth": []}, {"BearerAuth": []}]

    def get_extensions(self) -> dict[str, Any]:
        view = self.view
        url = f"{settings.PUBLIC_URL}/{view.operation}"
        return (
            {
                "x-required-scopes": [view.scope] if view.scope else [],
                "x-codeSamples": samples(url, view.method, view.request_example, is_file=self._returns_file),
            }
            | ({"x-any-scope": list(view.any_scope)} if view.any_scope else {})
            | (
                {ANY_REQUIRED: list(view.input_serializer.require_any_of)}
                if view.input_serializer.require_any_of and view.method != "POST"
                else {}
            )
        )

    def get_override_parameters(self) -> list[Any]:
        in_query = self.view.method != "POST" and bool(self.view.input_serializer().fields)
        return ([self.view.input_serializer] if in_query else []) + (
            texts.write_headers() if self.view.writes() else []
        )

    def get_request_serializer(self) -> Any:
        if self.view.method != "POST":
            return None
        by_type = {JSON: self.view.input_serializer, FORM: self.view.form_serializer}
        return {
            name: _describe_alternatives(serializer) for name, serializer in by_type.items() if serializer
        }

    def get_response_serializers(self) -> Any:
        if self._returns_file:
            return {
                (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, str(texts.SUCCESS))
            }
        serializer, value = self.view.response_serializer, self.view.response_example
        if isinstance(serializer, ListSerializer):
            (value,) = value  # drf-spectacular wraps it in a list
        example = OpenApiExample("Example", value, summary=str(texts.EXAMPLE_ANSWER), response_only=True)
        return {200: OpenApiResponse(serializer, description=str(texts.SUCCESS), examples=[example])}

    def get_examples(self) -> list[OpenApiExample]:
        if self.view.request_example is None or self.view.method != "POST":
            return []
        return [
            OpenApiExample(
                "Example",
                self.view.request_example,
                summary=str(texts.EXAMPLE_REQUEST),
                request_only=True,
                media_type=JSON,
            )
        ]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return the operation, with what drf-spectacular cannot describe.

        These are an example of each parameter, and references to shared headers and responses.
        """
        operation: Any = super().get_operation(*args, **kwargs)
        examples = self.view.request_example or {}
        for parameter in operation.get("parameters", []):
            if parameter["name"] in examples:
                parameter["example"] = examples[parameter["name"]]
        operation["responses"]["200"]["headers"] = error_responses.success_headers(writes=self.view.writes())
        operation["responses"] |= error_responses.responses_for(self.view)
        return operation


def _describe_alternatives(serializer: type[Input]) -> type[Input]:
    """Describe which fields of an input are alternatives.

    `anyOf` is not used: client generators make classes of its parts, or code that does not compile.
    """
    if not serializer.require_any_of:
        return serializer
    names = ", ".join(f"`{name}`" for name in serializer.require_any_of)
    return extend_schema_serializer(
        description=format_lazy(gettext_lazy("At least one of these is required: {names}"), names=names),
        extensions={ANY_REQUIRED: list(serializer.require_any_of)},
    )(serializer)
