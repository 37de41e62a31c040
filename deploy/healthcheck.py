"""Exit 0 when the portal of this container answers. It is asked by the name people use, because it listens to no other."""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main() -> int:
    port = int(os.environ.get("PORT", "8000"))
    name = urlsplit(os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}")).netloc
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
