"""Prints what a function of the local cloud logged: the last lines of a log group, then what is added if asked.

Run by `cargo xtask logs FUNCTION`; botocore comes with the local cloud's environment.
"""

import argparse
import collections
import os
import sys
import time

import botocore.exceptions
import botocore.session


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("group")
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--follow", action="store_true")
    arguments = parser.parse_args()

    logs = botocore.session.get_session().create_client("logs", region_name=os.environ.get("AWS_REGION"))
    try:
        events = list(events_since(logs, arguments.group, 0))
    except logs.exceptions.ResourceNotFoundException:
        sys.exit(f"there is no log group `{arguments.group}`: the mesh is not deployed on this stack (`cargo xtask demo`)")
    for event in collections.deque(events, maxlen=arguments.lines):
        show(event)
    while arguments.follow:
        time.sleep(0.5)
        # Events of one millisecond may arrive apart, so the last one is asked for again.
        since = max((event["timestamp"] for event in events), default=0)
        known = collections.Counter(map(identity, events))
        events = list(events_since(logs, arguments.group, since)) or events
        for event in events:
            known[identity(event)] -= 1
            if known[identity(event)] < 0:
                show(event)


def identity(event: dict) -> tuple:
    """What tells events apart: the local cloud gives them no identifiers."""
    return event.get("logStreamName"), event["timestamp"], event["message"]


def events_since(logs, group: str, start: int):
    """All events of the group from `start` (milliseconds), oldest first."""
    request = {"logGroupName": group, "startTime": start}
    while True:
        answer = logs.filter_log_events(**request)
        yield from answer["events"]
        if "nextToken" not in answer:
            return
        request["nextToken"] = answer["nextToken"]


def show(event: dict) -> None:
    print(event["message"].rstrip("\n"), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    except botocore.exceptions.EndpointConnectionError:
        sys.exit("the local cloud does not answer: `cargo xtask status`")
