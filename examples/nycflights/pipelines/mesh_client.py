"""Tokens and grants of the mesh, for pipelines and consumers: the only way by which this example reaches any data.

    mesh = Mesh.from_environment()
    grant = mesh.write_grant("operations.flights", "daily")
    mesh.table(grant["iceberg"]).append(rows)
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 60
# A function that dies is there again within seconds; what is asked again here changes nothing by being asked twice.
PAUSES_SECONDS = (0.5, 1, 2, 4)


class Refused(Exception):
    """The mesh said no, or could not be reached: why, and what would help."""


class Mesh:
    """The mesh as one machine client sees it."""

    def __init__(self, endpoint: str, token_url: str, client_id: str, client_secret: str, scope: str, domain: str | None = None):
        self._endpoint = endpoint.rstrip("/")
        self._token_url, self._scope = token_url, scope
        self._client_id, self._client_secret = client_id, client_secret
        self._acting = {"Mesh-Domain": domain} if domain else {}
        self._token, self._token_ends = "", 0.0

    @classmethod
    def from_environment(cls) -> "Mesh":
        """By the variables named below, and MESH_DOMAIN for a client that belongs to several domains."""
        names = ("MESH_ENDPOINT", "MESH_TOKEN_URL", "MESH_CLIENT_ID", "MESH_CLIENT_SECRET", "MESH_SCOPE")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise Refused(f"not set in the environment: {', '.join(missing)}")
        return cls(*(os.environ[name] for name in names), domain=os.environ.get("MESH_DOMAIN"))

    def read_grant(self, product: str, port: str, purpose: str | None = None, major: str | None = None) -> dict:
        """What is needed to read a port: files with pre-signed URLs, or an Iceberg table in the mesh's catalogue."""
        query = {name: value for name, value in {"purpose": purpose, "version": major}.items() if value}
        return self._call("GET", f"/products/{product}/ports/{port}/read?{urllib.parse.urlencode(query)}")

    def write_grant(self, product: str, port: str) -> dict:
        """What is needed to write to a port of one's own domain."""
        return self._call("POST", f"/products/{product}/ports/{port}/write")

    def catalogue(self, source: dict):
        """The mesh's Iceberg catalogue, which vends credentials for each table; `source` is a grant's `iceberg`."""
        from pyiceberg.catalog.rest import RestCatalog

        headers = {"X-Iceberg-Access-Delegation": "vended-credentials", **self._acting}
        properties = {f"header.{name}": value for name, value in headers.items()}
        return RestCatalog("mesh", uri=source["uri"], warehouse=source["warehouse"], token=self.token(), **properties)

    def table(self, source: dict):
        """The table of a grant on an Iceberg port."""
        from pyiceberg.exceptions import ServerError, ServiceUnavailableError

        for pause in (*PAUSES_SECONDS, None):
            try:
                return self.catalogue(source).load_table((source["namespace"], source["table"]))
            except (ServerError, ServiceUnavailableError) as error:
                if pause is None:
                    raise Refused(f"the catalogue does not answer: {error}") from None
                time.sleep(pause)

    def token(self) -> str:
        """A bearer token by the client credentials grant, fetched anew in the middle of its life."""
        if time.monotonic() >= self._token_ends:
            form = {"grant_type": "client_credentials", "client_id": self._client_id, "client_secret": self._client_secret, "scope": self._scope}
            answer = _answer(urllib.request.Request(self._token_url, urllib.parse.urlencode(form).encode()))
            self._token = answer["access_token"]
            self._token_ends = time.monotonic() + answer.get("expires_in", 300) / 2
        return self._token

    def _call(self, method: str, path: str) -> dict:
        headers = {"authorization": f"Bearer {self.token()}", "accept": "application/json", **self._acting}
        return _answer(urllib.request.Request(self._endpoint + path, b"" if method == "POST" else None, headers, method=method))


def s3_client(credentials: dict):
    """An ordinary S3 client with the credentials of a grant."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        aws_session_token=credentials["session_token"],
        region_name=credentials["region"],
        endpoint_url=credentials.get("endpoint"),
        config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 3}),
    )


def told(main) -> None:
    """Runs `main`; a refusal ends the program with its reasons and remedy instead of a stack trace."""
    try:
        main()
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")


def _answer(request: urllib.request.Request) -> dict:
    what = f"{request.get_method()} {urllib.parse.urlsplit(request.full_url).path}"
    for pause in (*PAUSES_SECONDS, None):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code < 500 or pause is None:
                raise Refused(f"{what}: {error.code} {_problem(error)}") from None
        except urllib.error.URLError as error:
            if pause is None:
                raise Refused(f"{what}: {request.host} cannot be reached: {error.reason}") from None
        time.sleep(pause)


def _problem(error: urllib.error.HTTPError) -> str:
    """An RFC 9457 problem (or OAuth2's error) in words: what, each reason with its remedy, what to do."""
    try:
        problem = json.load(error)
    except ValueError:
        return error.reason
    lines = [problem.get("detail") or problem.get("title") or problem.get("error_description") or problem.get("error") or error.reason]
    lines += [f"- {each['code']}: {each['detail']}" + (f" ({each['remedy']})" if each.get("remedy") else "") for each in problem.get("errors", [])]
    lines += [f"remedy: {problem['remedy']}"] if problem.get("remedy") else []
    return "\n  ".join(lines)
