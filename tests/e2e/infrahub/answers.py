"""Ask an Infrahub over HTTP, and make the answer of one comparable with the answer of another."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from tests.e2e import loopback
from tests.e2e.infrahub.corpus import BUMPED, Ask

_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")
_SUGGESTION = re.compile(r" Did you mean .*$", re.DOTALL)
_TIMEOUT_SECONDS = 120.0

_NODES = """{
  LabDevice { edges { node { id __typename label: hfid } } }
  LabVendor { edges { node { id __typename label: hfid } } }
  LabPlace { edges { node { id __typename label: hfid } } }
  LabPort { edges { node { id __typename label: hfid } } }
  BuiltinTag { edges { node { id __typename label: hfid } } }
  LabMemo { edges { node { id __typename label: text { value } } } }
  BuiltinIPAddress { edges { node { id __typename label: address { value } } } }
  BuiltinIPPrefix { edges { node { id __typename label: prefix { value } } } }
  BuiltinIPNamespace { edges { node { id __typename label: name { value } } } }
  CoreGroup { edges { node { id __typename label: name { value } } } }
}"""


class Answer(Struct, frozen=True):
    """What came back: the status, the media type, and the body as JSON where it is."""

    status: int
    media: str
    body: object


class Infrahub:
    """A server with the laboratory loaded, reached through a client of its own for each request."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token
        self._ids: dict[str, str] = {}
        self._before = datetime.now(timezone.utc)
        self._loaded = self._before
        self._zone = timezone.utc

    def ask(self, ask: Ask) -> Answer:
        """Send a request as it is, with its placeholders filled in."""
        headers = {"content-type": ask.content_type}
        if ask.token is not None:
            headers["X-INFRAHUB-KEY"] = self._token if ask.token == "good" else ask.token
        if ask.bearer is not None:
            headers["authorization"] = f"Bearer {ask.bearer}"
        if ask.path is not None:
            method, url, content = "GET", ask.path, b""
        else:
            method = ask.method
            url = f"/graphql/{quote(ask.branch, safe='')}"
            if ask.at is not None:
                url += f"?at={quote(self._filled(ask.at), safe='')}"
            content = self._content(ask)
        with httpx.Client(
            verify=loopback.CONTEXT, base_url=self._address, timeout=_TIMEOUT_SECONDS, trust_env=False
        ) as client:
            reply = client.request(method, url, headers=headers, content=content)
        media = reply.headers.get("content-type", "").split(";")[0]
        body: object = reply.text
        if media == "application/json":
            body = msgspec.json.decode(reply.content)
        return Answer(status=reply.status_code, media=media, body=body)

    def learn(self) -> None:
        """Ask which nodes there are: their ids become `<Kind label>` and back."""
        answer = self.ask(Ask(document=_NODES))
        if answer.status != httpx.codes.OK or not isinstance(answer.body, dict) or answer.body.get("errors"):
            raise RuntimeError(f"the nodes of the laboratory cannot be read: {answer}")
        for page in answer.body["data"].values():
            for edge in page["edges"]:
                node = edge["node"]
                label = node["label"]
                words = label if isinstance(label, list) else [label["value"]]
                self._ids[" ".join((node["__typename"], *words))] = node["id"]

    def question(self, ask: Ask) -> object:
        """Ask what changes nothing; return the answer, comparable."""
        return self.comparable(self.ask(ask), ask)

    def change(self, ask: Ask) -> object:
        """Ask for a change, then what it bumped; return both answers, comparable."""
        self._before = datetime.now(timezone.utc)
        answer, bumped = self.ask(ask), self.ask(BUMPED)
        self.learn()
        return {"answer": self.comparable(answer, ask), "bumped": self.comparable(bumped, BUMPED)}

    def comparable(self, answer: Answer, ask: Ask) -> object:
        """Put names in place of ids and times, and leave suggestions out."""
        body = self._named(answer.body, {each: name for name, each in self._ids.items()}, {})
        errors = body.get("errors") if isinstance(body, dict) else None
        if ask.loose:
            body = errors[0] if errors else None
        elif ask.codes:
            body = [each["extensions"]["code"] for each in errors or ()]
        return {"status": answer.status, "media": answer.media, "body": body}

    def _content(self, ask: Ask) -> bytes:
        if ask.body is not None:
            return ask.body.encode()
        request: dict[str, object] = {"query": self._filled(ask.document)}
        if ask.variables:
            request["variables"] = self._filled_deep(ask.variables)
        if ask.operation is not None:
            request["operationName"] = ask.operation
        return msgspec.json.encode(request)

    def _filled_deep(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {key: self._filled_deep(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled_deep(each) for each in value]
        return self._filled(value) if isinstance(value, str) else value

    def _filled(self, text: str) -> str:
        instants = {
            "loaded": self._loaded,
            "before": self._before,
            "long ago": self._loaded - timedelta(days=3),
            "now": datetime.now(timezone.utc),
        }

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            if name == "now+02:00":
                return datetime.now(timezone(timedelta(hours=2))).isoformat()
            if name == "now naive":
                return datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
            if name in instants:
                return instants[name].isoformat().replace("+00:00", "Z")
            return self._ids.get(name, match[0])

        return _PLACEHOLDER.sub(fill, text)

    def _named(self, value: object, names: Mapping[str, str], seen: dict[str, str]) -> object:
        if isinstance(value, dict):
            return {key: self._named(each, names, seen) for key, each in value.items()}
        if isinstance(value, list):
            return [self._named(each, names, seen) for each in value]
        if not isinstance(value, str):
            return value
        value = _UUID.sub(lambda match: self._name_of(match[0], names, seen), value)
        value = _STAMP.sub(self._time_of, value)
        return _SUGGESTION.sub("", value)

    @staticmethod
    def _name_of(uuid: str, names: Mapping[str, str], seen: dict[str, str]) -> str:
        if uuid in names:
            return f"<{names[uuid]}>"
        return seen.setdefault(uuid, f"<id {len(seen) + 1}>")

    def _time_of(self, match: re.Match[str]) -> str:
        stamp = datetime.fromisoformat(match[0].replace("Z", "+00:00"))
        return "<time>" if abs(stamp - self._loaded) < timedelta(days=2) else match[0]
