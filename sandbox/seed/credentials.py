"""The well-known credentials of the API app, as the portal reads them too."""

from pathlib import Path

from sandbox import jsonbody

API_APP = jsonbody.read_object((Path(__file__).parent.parent / "app.json").read_bytes())
API_APP_ID = str(API_APP["id"])
