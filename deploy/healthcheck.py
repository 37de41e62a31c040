"""Exit with 0 if the portal of this container answers with 200, else with 1. The argument is a path, `/healthz` by default."""

import os
import sys
import urllib.error
import urllib.request

# Wildcard addresses that the server can listen on, and the addresses to connect to instead.
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing binds here


def main() -> int:
    host = os.environ.get("BIND", "").strip().strip("[]") or "127.0.0.1"
    host = WILDCARDS.get(host, host)
    port = os.environ.get("PORT", "").strip() or "8000"
    path = sys.argv[1] if len(sys.argv) > 1 else "/healthz"
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=3) as response:
            return 0 if response.status == 200 else 1
    except (OSError, ValueError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
