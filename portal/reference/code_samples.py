"""Code samples for curl, Python with requests, and JavaScript with fetch. They read the key from the environment."""

import json
import shlex
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]

_PYTHON_WORDS = {True: "True", False: "False", None: "None"}
_JAVASCRIPT_WORDS = {True: "true", False: "false", None: "null"}


def samples(url: str, method: str, example: Json | None, *, is_file: bool = False) -> list[Json]:
    """Return the `x-codeSamples` of an operation.

    Args:
        url: the absolute URL of the operation.
        example: the body of a POST, or the query of another method.
        is_file: whether the response is a file, which the sample saves.
    """
    body = example or {} if method == "POST" else None
    if body is None and example:
        url = f"{url}?{urlencode(example)}"
    return [
        {"lang": "Shell", "label": "curl", "source": _curl(url, method, body, is_file=is_file)},
        {"lang": "Python", "label": "Python", "source": _python(url, method, body, is_file=is_file)},
        {
            "lang": "JavaScript",
            "label": "JavaScript",
            "source": _javascript(url, method, body, is_file=is_file),
        },
    ]


def _curl(url: str, method: str, body: Json | None, *, is_file: bool) -> str:
    lines = [f"curl {shlex.quote(url)}"]
    if method == "DELETE":
        lines.append("-X DELETE")
    lines.append('-H "ApiKey: $PUMBLE_API_KEY"')
    if body is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    if is_file:
        lines.append("--remote-name --remote-header-name")
    return " \\\n  ".join(lines)


def _python(url: str, method: str, body: Json | None, *, is_file: bool) -> str:
    lines = [
        "import os",
        "",
        "import requests",
        "",
        f"answer = requests.{method.lower()}(",
        f"    {json.dumps(url)},",
        '    headers={"ApiKey": os.environ["PUMBLE_API_KEY"]},',
    ]
    if body is not None:
        lines.append(f"    json={_literal(body, 4, 1, _PYTHON_WORDS)},")
    ending = [
        "    timeout=30,",
        ")",
        "if not answer.ok:",
        "    raise SystemExit(answer.text)",
        *(
            ['with open("file", "wb") as file:', "    file.write(answer.content)"]
            if is_file
            else ["print(answer.json())"]
        ),
    ]
    return "\n".join(lines + ending)


def _javascript(url: str, method: str, body: Json | None, *, is_file: bool) -> str:
    lines = ['import { writeFile } from "node:fs/promises";', ""] if is_file else []
    lines.append(f"const answer = await fetch({json.dumps(url)}, {{")
    if method != "GET":
        lines.append(f'  method: "{method}",')
    kind = ', "Content-Type": "application/json"' if body is not None else ""
    lines.append(f"  headers: {{ ApiKey: process.env.PUMBLE_API_KEY{kind} }},")
    if body is not None:
        lines.append(f"  body: JSON.stringify({_literal(body, 2, 1, _JAVASCRIPT_WORDS)}),")
    ending = [
        "});",
        "if (!answer.ok) throw new Error(await answer.text());",
        'await writeFile("file", Buffer.from(await answer.arrayBuffer()));'
        if is_file
        else "console.log(await answer.json());",
    ]
    return "\n".join(lines + ending)


def _literal(value: Any, indent: int, depth: int, words: dict[Any, str]) -> str:
    """Return the value as a literal: an object with one line per field, a list in one line."""
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, indent, depth, words) for item in value)}]"
    if isinstance(value, dict):
        inner, outer = " " * indent * (depth + 1), " " * indent * depth
        fields = [
            f"{inner}{json.dumps(name)}: {_literal(item, indent, depth + 1, words)},\n"
            for name, item in value.items()
        ]
        return f"{{\n{''.join(fields)}{outer}}}" if fields else "{}"
    return json.dumps(value, ensure_ascii=False)
