"""The OpenAPI description, made from what each endpoint says of itself."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from portal.api.endpoint import Endpoint

_REFUSED = OpenApiResponse(
    OpenApiTypes.OBJECT,
    description="The call was refused: `reason` says why in one word, the text in a sentence.",
    examples=[
        OpenApiExample(
            "Refused by the app",
            {"error": "Invalid API key", "reason": "key_unknown", "requestId": "5f2b7c0a9d3e4f6180aa11bb"},
        ),
        OpenApiExample(
            "Invalid input",
            {
                "message": "[must not be null]",
                "localizedMessage": "[must not be null]",
                "code": 400000,
                "reason": "validation",
                "requestId": "5f2b7c0a9d3e4f6180aa11bb",
            },
        ),
    ],
)


class EndpointSchema(AutoSchema):
    view: Endpoint  # type: ignore[override]

    def get_operation_id(self) -> str:
        return self.view.operation

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        return str(self.view.summary)

    def get_description(self) -> str:  # type: ignore[override]
        scope = f"\n\nScope: `{self.view.scope}`" if self.view.scope else ""
        return f"{self.view.description}{scope}".strip()

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"ApiKeyAuth": []}]

    def get_override_parameters(self) -> list[Any]:
        in_query = self.view.method != "POST" and bool(self.view.takes().fields)
        return [self.view.takes] if in_query else []

    def get_request_serializer(self) -> Any:
        return self.view.takes if self.view.method == "POST" else None

    def get_response_serializers(self) -> Any:
        taken = OpenApiResponse(
            OpenApiTypes.ANY, examples=[OpenApiExample("Answer", self.view.answer_example)]
        )
        return {200: taken, 403: _REFUSED}

    def get_examples(self) -> list[OpenApiExample]:
        if self.view.request_example is None or self.view.method != "POST":
            return []
        return [OpenApiExample("Request", self.view.request_example, request_only=True)]
