import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import audit, key_format
from keys.summary import iso
from pumble_bridge import explanations


class Command(BaseCommand):
    help = (
        "Explain a key id, a request id or the link of a message: whose it is, what happened, and what helps."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="key id, request id, or the link or id of a message")
        parser.add_argument(
            "--json", action="store_true", help="print a JSON array, one object per key or call"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if key_format.contains_key_pattern(options["id"]):
            raise CommandError(
                "that is a whole key; the shell's history has it now, so rotate it. identify_key reads a key on standard input"
            )
        answer = explanations.explain(options["id"], viewer=None, by=audit.OPERATOR, now=timezone.now())
        if answer.problem:
            raise CommandError(answer.problem.replace("`", ""))
        if options["json"]:
            self.stdout.write(json.dumps([item.to_dict() for item in answer.explanations]))
            return
        for item in answer.explanations:
            self.stdout.write(item.title)
            self.stdout.write(f"  {' '.join(item.sentences).replace('`', '')}")
            for fact in item.facts:
                value = iso(fact.value) if isinstance(fact.value, datetime) else fact.value
                self.stdout.write(f"  {fact.label}: {value}")
