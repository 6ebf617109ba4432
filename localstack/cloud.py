"""Starts the local cloud: ministack, corrected where it answers otherwise than AWS does.

Run by `cargo xtask up` with the environment variables that ministack reads (BIND_HOST, GATEWAY_PORT,
STATE_DIR and so on). Each correction is one function that says what differs and what depends on it. They
touch internals of one exact version, so a correction that no longer finds what it corrects stops the start.

With REQUEST_LOG set to a path, every call that IAM was asked about is a line there (who, what action, on what, and
whether it was allowed), and every request to a service that charges for requests. With CLEAN_STOP_MARKER set to a path, that file exists exactly while the persisted state is complete: it is
removed at the start and written after an orderly stop. Without it the state folder holds an older state.
"""

import importlib.metadata
import json
import os
import pathlib
import socketserver
import sys
import threading
import time
from xml.sax.saxutils import escape

CORRECTED_VERSION = "1.5.33"
REQUEST_LOG_BYTES = 64 * 1024 * 1024


def main() -> None:
    found = importlib.metadata.version("ministack")
    if found != CORRECTED_VERSION:
        sys.exit(f"the corrections are written for ministack `{CORRECTED_VERSION}`, found `{found}`")
    for correct in CORRECTIONS:
        correct()

    from ministack import app

    marker = os.environ.get("CLEAN_STOP_MARKER")
    if marker:
        pathlib.Path(marker).unlink(missing_ok=True)
    app.main()
    if marker:
        pathlib.Path(marker).write_text("the persisted state is complete\n")


def answer_function_calls_at_once() -> None:
    """Send small answers without waiting for the peer's acknowledgement.

    The runtime API that a function polls writes header and body apart; with Nagle's algorithm every
    invocation then waits ~45 ms for a delayed acknowledgement.
    """
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def describe_alarms_completely() -> None:
    """Put every configured attribute of an alarm into DescribeAlarms' XML answer.

    ministack stores them all and leaves most out of the XML that hashicorp/aws reads, which is a difference
    in every later plan.
    """
    from ministack.services import cloudwatch

    answer = _required(cloudwatch, "_xml")
    kinds = [_required(cloudwatch, kind) for kind in ("_alarms", "_composite_alarms")]

    def answer_with_all_attributes(status, root, inner, *args, **kwargs):
        if root == "DescribeAlarmsResponse":
            for alarm in [alarm for alarms in kinds for alarm in alarms.values()]:
                arn = f"<AlarmArn>{alarm['AlarmArn']}</AlarmArn>"
                inner = inner.replace(arn, arn + alarm_attributes_xml(alarm))
        return answer(status, root, inner, *args, **kwargs)

    cloudwatch._xml = answer_with_all_attributes


def keep_expressions_of_alarms() -> None:
    """Keep the metric queries of an alarm on an expression.

    ministack drops them, and says that the alarm watches the average of nothing: a difference in every later
    plan. It does not evaluate expressions: the state of such an alarm is what SetAlarmState makes it.
    """
    from ministack.services import cloudwatch

    put = _required(cloudwatch, "_put_metric_alarm")
    alarms = _required(cloudwatch, "_alarms")

    def put_with_expressions(params, cbor_data, is_cbor, is_json=False):
        result = put(params, cbor_data, is_cbor, is_json)
        queries = cbor_data.get("Metrics") if is_cbor or is_json else query_members(params, "Metrics")
        name = cbor_data.get("AlarmName") if is_cbor or is_json else query_value(params["AlarmName"])
        if queries and name in alarms:
            alarms[name].update(Metrics=queries, Statistic=None, Period=None)
        return result

    cloudwatch._put_metric_alarm = put_with_expressions


def query_members(params: dict, name: str) -> list:
    """The list `name` of a request of the query protocol, such as `Metrics.member.1.MetricStat.Period`."""
    tree = {}
    for key, value in params.items():
        first, *path, last = key.split(".") if "." in key else (key, "")
        if first == name:
            node = tree
            for part in path:
                node = node.setdefault(part, {})
            node[last] = query_value(value)
    return _lists(tree) if tree else []


def query_value(value):
    """One value of the query protocol, of which parsers make lists; numbers and truth values are told by their look."""
    text = value[0] if isinstance(value, list) else value
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdecimal() else text


def _lists(node):
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        return [_lists(member) for _, member in sorted(node["member"].items(), key=lambda item: int(item[0]))]
    return {name: _lists(value) for name, value in node.items()}


def value_xml(value) -> str:
    """What stands within an element that holds `value`."""
    if isinstance(value, list):
        return "".join(f"<member>{value_xml(member)}</member>" for member in value)
    if isinstance(value, dict):
        return "".join(f"<{name}>{value_xml(member)}</{name}>" for name, member in value.items())
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def alarm_attributes_xml(alarm: dict) -> str:
    """The elements of an alarm that ministack's own XML lacks."""
    attributes = {"ActionsEnabled": alarm.get("ActionsEnabled", True)}
    for name in ("AlarmDescription", "Statistic", "ExtendedStatistic", "Period", "Unit", "TreatMissingData", "Metrics"):
        if alarm.get(name):
            attributes[name] = alarm[name]
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions"):
        attributes[name] = alarm.get(name) or []
    return value_xml(attributes)


def create_jwt_authorizers_without_payload_version() -> None:
    """Leave the payload format version away from JWT authorizers.

    On AWS only request authorizers have one; ministack gives every authorizer `2.0`, a difference in every
    later plan.
    """
    from ministack.services import apigateway

    create = _required(apigateway, "_create_authorizer")
    authorizers = _required(apigateway, "_authorizers")

    def create_as_aws_does(api_id, data):
        answer = create(api_id, data)
        for authorizer in authorizers.get(api_id, {}).values():
            if authorizer["authorizerType"] == "JWT":
                authorizer["authorizerPayloadFormatVersion"] = None
        return answer

    apigateway._create_authorizer = create_as_aws_does


def authorize_glue_on_every_resource() -> None:
    """Authorize a call to Glue on the catalog, the database and the table that it touches.

    AWS wants all of them allowed. ministack checks `database/DB` alone for calls on a table (a role limited
    to one table could then read its neighbours) and `table/DB` for calls on a database.
    """
    from ministack.core import iam_actions, iam_evaluator

    resource_of = _required(iam_actions, "extract_resource_arn")
    enforce = _required(iam_evaluator, "enforce")

    def most_specific_resource(service, method, path, headers, body, query_params, region, account_id):
        if service == "glue":
            resource = glue_resource(headers.get("x-amz-target", "").rsplit(".", 1)[-1], body)
            if resource is not None:
                return resource if resource.startswith("arn:") else f"arn:aws:glue:{region}:{account_id}:{resource}"
        return resource_of(service, method, path, headers, body, query_params, region, account_id)

    def enforce_on_every_resource(access_key_id, action, service, region, resource_arn="*", service_context=None):
        resources = with_containing_glue_resources(resource_arn) if service == "glue" else [resource_arn]
        for resource in resources:
            denied = enforce(access_key_id, action, service, region, resource, service_context)
            if denied:
                return denied
        return None

    iam_actions.extract_resource_arn = most_specific_resource
    iam_evaluator.enforce = enforce_on_every_resource


def glue_resource(action: str, body: bytes) -> str | None:
    """The most specific resource of a call on databases and tables, such as `table/DB/NAME`; None for other calls."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if "ResourceArn" in request:
        return request["ResourceArn"]
    database = request.get("DatabaseName")
    if database:
        table = (request.get("TableInput") or {}).get("Name") or request.get("TableName") or request.get("Name")
        if table:
            return f"table/{database}/{table}"
        return f"table/{database}/*" if "Table" in action else f"database/{database}"
    if "Database" in action:
        database = request.get("Name") or (request.get("DatabaseInput") or {}).get("Name")
        return f"database/{database}" if database else "catalog"
    return None


def with_containing_glue_resources(arn: str) -> list[str]:
    """The resource and what contains it, outermost first: `table/DB/NAME` lies in `database/DB` in `catalog`."""
    prefix, _, resource = arn.rpartition(":")
    kind, _, name = resource.partition("/")
    if kind == "table":
        return [f"{prefix}:catalog", f"{prefix}:database/{name.partition('/')[0]}", arn]
    if kind == "database":
        return [f"{prefix}:catalog", arn]
    return [arn]


def keep_sessions_over_a_stop() -> None:
    """Keep temporary credentials until they expire, as AWS does, and not only until the emulator stops.

    ministack forgets every assumed role's session when it stops, and keeps the tables in which the mesh holds
    credentials that it vended: for up to an hour after a restart it would hand out what opens nothing.
    """
    from ministack.services import sts

    sessions = _required(sts, "_sessions")
    for replaced in ("get_state", "load_persisted_state"):
        _required(sts, replaced)
    sts.get_state = lambda: {"sessions": dict(sessions)}
    sts.load_persisted_state = lambda state: sessions.update(state.get("sessions", {}))


def let_invocations_outlive_an_update() -> None:
    """Let a function's running invocations end as they began when its code is replaced, as AWS does.

    ministack kills them, and their callers get 502: a deployment in the middle of traffic would look like an outage.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    update = _required(lambda_svc, "_update_code")
    invalidate = _required(lambda_svc, "invalidate_worker")
    release = _required(lambda_svc, "release_worker")
    kill = _required(lambda_runtime, "kill_workers")
    workers, lock = _required(lambda_runtime, "_workers"), _required(lambda_runtime, "_lock")
    updating = threading.local()

    def update_gently(name, data):
        updating.now = True
        try:
            return update(name, data)
        finally:
            updating.now = False

    def invalidate_what_is_idle(func_name, *args, **kwargs):
        if getattr(updating, "now", False):
            with lock:
                for key, pool in workers.items():
                    if key.split(":")[-2:-1] == [func_name]:
                        for worker in pool:
                            worker.outdated = worker.in_use
                        workers[key] = [worker for worker in pool if not worker.in_use]
        return invalidate(func_name, *args, **kwargs)

    def release_and_end_what_is_outdated(worker):
        release(worker)
        if getattr(worker, "outdated", False):
            kill([worker])

    lambda_svc._update_code = update_gently
    lambda_svc.invalidate_worker = invalidate_what_is_idle
    lambda_svc.release_worker = release_and_end_what_is_outdated


def log_requests() -> None:
    """Note every call that IAM decides on, as CloudTrail does, and every request that it lets through to a service.

    What roles allow is compared with what they use, and what an operation costs is counted: a request to DynamoDB says
    how many units it is charged for. The log ends at a size that no test run reaches; its last line says so then.
    """
    path = os.environ.get("REQUEST_LOG")
    if not path:
        return
    from ministack import app
    from ministack.core import iam_actions, iam_evaluator, responses

    decide = _required(iam_evaluator, "enforce")
    resolve = _required(iam_evaluator, "resolve_principal")
    account = _required(responses, "get_account_id")
    action_of = _required(iam_actions, "extract_iam_action")
    key_of = _required(app, "extract_access_key_id")
    log = RequestLog(pathlib.Path(path), REQUEST_LOG_BYTES)

    def principal_of(access_key_id):
        return getattr(resolve(access_key_id or "", account()), "arn", None)

    def decide_and_note(access_key_id, action, service, region, resource_arn="*", service_context=None):
        denied = decide(access_key_id, action, service, region, resource_arn, service_context)
        by = principal_of(access_key_id)
        log.note({"at": time.time(), "by": by, "action": action, "on": resource_arn, "allowed": denied is None})
        return denied

    def handle_and_note(service, handle):
        async def handle_noted(method, path, headers, body, query):
            units = {}
            if service == "dynamodb":
                status, answer_headers, answer, units = await with_units(handle, method, path, headers, body, query)
            else:
                status, answer_headers, answer = await handle(method, path, headers, body, query)
            request = action_of(service, method, path, headers, body, query)
            by = principal_of(key_of(headers, query))
            log.note({"at": time.time(), "by": by, "request": request, "status": status, **units})
            return status, answer_headers, answer

        return handle_noted

    iam_evaluator.enforce = decide_and_note
    for service in CHARGED_SERVICES:
        app.SERVICE_HANDLERS[service] = handle_and_note(service, app.SERVICE_HANDLERS[service])


# Those whose requests are charged one by one.
CHARGED_SERVICES = ("dynamodb", "events", "glue", "kms", "s3", "sns", "sts")


async def with_units(handle, method, path, headers, body, query):
    """The answer of DynamoDB, and the request units that AWS charges for it."""
    from ministack.services import dynamodb

    size = _required(dynamodb, "_item_size_bytes")
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        request = {}
    asked = dict(request, ReturnConsumedCapacity="TOTAL") if "ReturnConsumedCapacity" not in request else request
    status, answer_headers, answer = await handle(method, path, headers, json.dumps(asked).encode(), query)
    if status != 200:
        return status, answer_headers, answer, {}
    told = json.loads(answer or b"{}")
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    units = {}
    if operation in READS:
        units["read_units"] = read_units(operation, request, told, size)
    else:
        capacity = told.get("ConsumedCapacity") or []
        capacity = capacity if isinstance(capacity, list) else [capacity]
        units["write_units"] = sum(table.get("CapacityUnits", 0) for table in capacity)
    if "ReturnConsumedCapacity" not in request and told.pop("ConsumedCapacity", None) is not None:
        answer = json.dumps(told, ensure_ascii=False).encode()
        for name in [name for name in answer_headers if name.lower() in ("x-amz-crc32", "content-length")]:
            del answer_headers[name]
    return status, answer_headers, answer, units


READS = ("GetItem", "BatchGetItem", "Query", "Scan")
READ_UNIT_BYTES = 4096


def read_units(operation: str, request: dict, told: dict, size) -> float:
    """Units of 4 KB, rounded up by item, or by page where a page is read; half where the read need not be consistent.

    ministack counts one for whatever was read.
    """
    def units(amount, consistent):
        return max(1, -(-amount // READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)

    if operation == "BatchGetItem":
        total = 0.0
        for table, asked in (request.get("RequestItems") or {}).items():
            found = (told.get("Responses") or {}).get(table, [])
            consistent = asked.get("ConsistentRead", False)
            total += sum(units(size(item), consistent) for item in found)
            total += (len(asked["Keys"]) - len(found)) * units(0, consistent)
        return total
    items = told.get("Items", []) if operation != "GetItem" else [told.get("Item") or {}]
    return units(sum(size(item) for item in items if item), request.get("ConsistentRead", False))


class RequestLog:
    """Lines of JSON in a new file, up to a size."""

    def __init__(self, path: pathlib.Path, limit: int):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w", buffering=1)
        self.left = limit

    def note(self, call: dict) -> None:
        line = json.dumps(call) + "\n"
        if self.left <= 0:
            return
        self.left -= len(line)
        self.file.write(line if self.left > 0 else '{"full": true}\n')


def _required(module, name: str):
    """An internal of ministack that a correction replaces."""
    if not hasattr(module, name):
        sys.exit(f"`{module.__name__}` has no `{name}` any more; revise the correction in cloud.py")
    return getattr(module, name)


CORRECTIONS = (
    answer_function_calls_at_once,
    describe_alarms_completely,
    keep_expressions_of_alarms,
    create_jwt_authorizers_without_payload_version,
    # Before the correction that lets one call be decided on more than once: each decision is a line.
    log_requests,
    authorize_glue_on_every_resource,
    keep_sessions_over_a_stop,
    let_invocations_outlive_an_update,
)

if __name__ == "__main__":
    main()
