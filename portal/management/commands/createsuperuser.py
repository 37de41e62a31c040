from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from keys.models import Member


class Command(createsuperuser.Command):
    help = "Make an operator, who signs in to the admin with a username and a password. Weak passwords are refused."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", help="the operator's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options.pop("email") or ""
        if email:
            try:
                validate_email(email)
            except ValidationError as error:
                raise CommandError(f"--email expects an e-mail address, not {email}") from error
        super().handle(*args, **options)
        if email:
            operator = Member.objects.filter(is_superuser=True).latest("pk")
            operator.email = email
            operator.save(update_fields=["email"])
