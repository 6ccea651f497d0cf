"""What the fuzzer knows of a server beside its document: what is there, and what strangers must not see."""

import json
import os
import zlib

import requests
import schemathesis

THERE = json.loads(os.environ["FUZZ_THERE"])
SECRETS = json.loads(os.environ["FUZZ_SECRETS"])
IS_STRANGER = os.environ["FUZZ_WHO"] in ("anonymous", "visitor", "user")
URL = os.environ["FUZZ_URL"]
TOKEN = os.environ["FUZZ_TOKEN"]
if os.environ["FUZZ_WHO"] in ("admin", "superuser"):
    THERE["users"] = THERE["bystanders"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names what is there in two of three calls, where a right name was drawn by chance; ends sessions of one account alone."""
    put_known_names(case)
    put_body_that_holds(case)
    if case.path.startswith("/api/v1/auth/logout") and any(TOKEN in str(value) for value in case.headers.values()):
        answer = requests.post(f"{URL}/api/v1/auth/login", json=json.loads(os.environ["FUZZ_LEAVER"]), timeout=60)
        token = answer.json()["access_token"]
        for name, value in list(case.headers.items()):
            case.headers[name] = str(value).replace(TOKEN, token)


def put_known_names(case):
    drawn = case.path_parameters
    if not drawn or case.meta is None or case.meta.phase.name.value == "stateful":
        return
    if any(component.mode.is_negative for component in case.meta.components.values()):
        return
    parts = case.path.strip("/").split("/")
    for place, part in enumerate(parts):
        name = part.strip("{}")
        known = THERE.get(parts[place - 1]) if part.startswith("{") and place > 0 else None
        if known is None or name not in drawn:
            continue
        lot = zlib.crc32(f"{case.method} {case.path} {drawn[name]}".encode("utf-8", "replace"))
        if lot % 3 > 0:
            drawn[name] = known[lot // 3 % len(known)]


def put_body_that_holds(case):
    """Of an operation that is drawn no probe is there: every other one gets one, so that links are followed from what is made."""
    if case.meta is None or case.meta.phase.name.value != "stateful" or f"{case.method} {case.path}" != "POST /api/v1/operations":
        return
    if any(component.mode.is_negative for component in case.meta.components.values()):
        return
    if zlib.crc32(repr(case.body).encode("utf-8", "replace")) % 2 > 0:
        schedule = {"type": "interval", "every_s": 3600, "stop": "2030-01-01T00:00:00Z"}
        case.body = {"kind": "ping", "params": {"ips": ["192.0.2.1"]}, "schedule": {"type": "once"}, "probes": THERE["probes"]}
        case.body["schedule"] = schedule if len(repr(case.headers)) % 2 else case.body["schedule"]


@schemathesis.check
def nothing_private(ctx, response, case):
    """Strangers see nothing that is private, whatever they ask."""
    if not IS_STRANGER or case.method == "OPTIONS":
        return
    asked = f"{response.request.url} {response.request.body}"
    text = response.content.decode("utf-8", "replace")
    for secret in SECRETS:
        if secret in text and secret not in asked:
            raise AssertionError(f"a stranger sees {secret}")
    # what is private was named in the path: it is not there
    path = response.request.url.split("?")[0]
    if any(secret in path for secret in SECRETS) and response.status_code < 400:
        raise AssertionError(f"a stranger is answered {response.status_code} of what is private")
