"""Exit 0 when the portal of this container answers."""

import os
import sys
import urllib.error
import urllib.request

# Addresses at which the server may listen and to which nothing can connect, and those that reach it there.
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing binds here


def main() -> int:
    host = os.environ.get("BIND", "").strip().strip("[]") or "127.0.0.1"
    host = WILDCARDS.get(host, host)
    port = os.environ.get("PORT", "").strip() or "8000"
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/healthz"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=3) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, ValueError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
