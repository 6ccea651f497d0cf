"""A classic probe as those in the field are: what the classic contract observes of them, and no more.

python probe.py --server URL --token TOKEN --folder FOLDER [--total-credits N] [--insecure]

Differs in one thing: cron is not waited for. The runs of one cron minute (times_per_minute) are made as soon as an
operation arrives. What happens is printed, a JSON object a line.
"""

import argparse
import gzip
import json
import os
import shlex
import subprocess
import sys
import threading
import uuid

import socketio

RECONNECT_AFTER_SECONDS = 0.5  # in the field: 5
DIG_SECONDS = 10

arguments = argparse.ArgumentParser()
arguments.add_argument("--server", required=True)
arguments.add_argument("--token", required=True)
arguments.add_argument("--folder", required=True)
arguments.add_argument("--total-credits", type=int, default=1000)
arguments.add_argument("--insecure", action="store_true")
options = arguments.parse_args()

os.makedirs(options.folder, exist_ok=True)
client = socketio.Client(
    reconnection=True,
    reconnection_delay=RECONNECT_AFTER_SECONDS,
    reconnection_delay_max=RECONNECT_AFTER_SECONDS,
    ssl_verify=not options.insecure,
)
lock = threading.Lock()
in_use_credits = 0
newest = None  # the file whose acknowledgement would be recognised


def say(event, **members):
    with lock:
        print(json.dumps({"event": event, **members}), flush=True)


def scamper_words(kind, params):
    """Scamper's options by name; destinations and the schedule are none."""
    letters = {
        "ping": {"probecount": "-c", "icmp-sum": "-C", "dport": "-d", "sport": "-F", "method": "-P",
                 "size": "-s", "timeout": "-W", "wait": "-i"},
        "traceroute": {"attempts": "-q", "confidence": "-g", "dport": "-d", "sport": "-s", "firsthop": "-f",
                       "maxttl": "-m", "method": "-P", "wait": "-w", "wait-probe": "-W"},
    }[kind]
    words = "ping" if kind == "ping" else "trace"
    for name, value in params.items():
        if name in letters:
            words += " %s %s" % (letters[name], value)
    return words


def measure(kind, params, path):
    """As in the field the command is pasted together and given to a shell."""
    if kind == "dns":
        names = params.get("name") or params["fqdns"]
        command = "dig +time=1 +tries=1 %s" % " ".join(names)
        output = subprocess.run(command, shell=True, capture_output=True, timeout=DIG_SECONDS).stdout
        with gzip.open(path, "wb") as file:
            file.write(output)
        return
    destinations = " ".join(params.get("ips", []) + params.get("fqdns", []))
    command = "scamper -O warts -o %s -c %s -i %s" % (
        shlex.quote(path), shlex.quote(scamper_words(kind, params)), destinations)
    subprocess.run(command, shell=True, check=True, capture_output=True)


def send(name):
    """A file is called OPERATION.CODE.FORMAT, and is there until it is acknowledged."""
    operation_id, unique_code, file_format = name.split(".")
    path = os.path.join(options.folder, name)
    with open(path, "rb") as file:
        content = file.read()

    def acknowledged(*answer):
        say("acknowledged", operation_id=operation_id, unique_code=unique_code, answer=list(answer))
        if len(answer) == 1 and answer[0] == operation_id and os.path.exists(path):
            os.remove(path)

    try:
        client.emit(
            "results",
            {"operation_id": operation_id, "content": content, "unique_code": unique_code, "format": file_format},
            callback=acknowledged,
        )
    except socketio.exceptions.SocketIOError:
        say("kept", operation_id=operation_id, unique_code=unique_code)


def send_kept():
    for name in sorted(os.listdir(options.folder)):
        if not name.startswith("."):
            send(name)


def run(kind, operation):
    global in_use_credits
    params = operation["params"]
    file_format = "gzip" if kind == "dns" else "warts"
    in_use_credits += operation["credits"]
    client.emit("new_operation", {"credits": operation["credits"]})
    for _ in range(int(params["times_per_minute"])):
        name = "%s.%s.%s" % (operation["_id"], uuid.uuid4(), file_format)
        hidden = os.path.join(options.folder, "." + name)
        measure(kind, params, hidden)
        os.rename(hidden, os.path.join(options.folder, name))
        say("measured", operation_id=operation["_id"], unique_code=name.split(".")[1])
        if client.connected:
            send(name)
    in_use_credits -= operation["credits"]
    if client.connected:
        client.emit("finish_operation", {"credits": operation["credits"]})
    say("finished", operation_id=operation["_id"])


def take(kind):
    def handler(operation):
        # what a probe in the field cannot do without
        assert operation["params"]["cron"] and operation["params"]["stop_time"]
        assert isinstance(operation["params"]["times_per_minute"], int)
        say("operation", kind=kind, operation=operation)
        threading.Thread(target=run, args=(kind, operation), daemon=True).start()

    return handler


@client.event
def connect():
    say("connected")
    threading.Thread(target=send_kept, daemon=True).start()


@client.event
def connect_error(data):
    say("refused", data=data if isinstance(data, dict) else str(data))


@client.event
def disconnect(*_reason):
    say("disconnected")


for each in ("ping", "traceroute", "dns"):
    client.on(each, take(each))


def main():
    # Read at each attempt, so a reconnection says what is in use then.
    headers = lambda: {"total_credits": str(options.total_credits), "in_use_credits": str(in_use_credits)}
    try:
        client.connect("%s?token=%s" % (options.server, options.token), headers=headers, transports=["websocket"],
                       wait_timeout=10)
    except socketio.exceptions.ConnectionError:
        say("not connected")
        sys.exit(1)
    client.wait()


main()
