# ruff: noqa: E402 - Django is set up before its models are imported
"""Prints as JSON so many tokens of each peer, made in its own tables. Run with the number as argument."""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.peers.settings"
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from knox.models import AuthToken
from rest_framework.authtoken.models import Token
from rest_framework_api_key.models import APIKey


def populate(count: int) -> dict[str, list[str]]:
    """The `Authorization` header's value of every token, by peer."""
    call_command("migrate", verbosity=0)
    people = User.objects.bulk_create([User(username=f"user{number}") for number in range(count)])
    tokens = Token.objects.bulk_create([Token(user=user, key=Token.generate_key()) for user in people])
    return {
        "drf-token": [f"Token {token.key}" for token in tokens],
        "drf-api-key": [f"Api-Key {APIKey.objects.create_key(name='bench')[1]}" for _ in people],
        "knox": [f"Token {AuthToken.objects.create(user=user)[1]}" for user in people],
    }


if __name__ == "__main__":
    print(json.dumps(populate(int(sys.argv[1]))))
