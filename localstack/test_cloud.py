"""The corrected local cloud answers as AWS does, keeps its content over an orderly stop, and ends its functions.

Run by `cargo xtask test` with the local cloud's environment; one emulator is started for each class.
"""

import concurrent.futures
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import zipfile

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import botocore.session

import cloud

REGION = "us-east-1"
ACCOUNT = "000000000000"

# A custom runtime that answers with what it was asked and its process id; first it waits for the file that the query names, if any.
BOOTSTRAP = f"""#!{sys.executable}
import json, os, time, urllib.request
api = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{{api}}/next", timeout=None) as answer:
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(answer)
    print("asked for", event.get("rawPath"), flush=True)
    awaited = event.get("rawQueryString") or "/"
    if awaited != "/":
        open(awaited + ".asked", "w").close()
    while not os.path.exists(awaited):
        time.sleep(0.01)
    body = json.dumps({{"path": event.get("rawPath"), "pid": os.getpid()}})
    result = json.dumps({{"statusCode": 200, "body": body}}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{{api}}/{{request_id}}/response", data=result))
"""


class Cloud:
    """One local cloud on a free port, with its content in `folder`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.marker = folder / "clean-stop"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self) -> None:
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(temporary),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.folder}/no-docker",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "CLEAN_STOP_MARKER": str(self.marker),
            "REQUEST_LOG": str(self.folder / "requests"),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, cloud.__file__], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        eventually(self.is_healthy, f"the local cloud is ready; see {self.folder / 'log'}")

    def is_healthy(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self, with_signal=signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=60)
            self.process = None

    def client(self, service: str, credentials: dict | None = None):
        credentials = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        return botocore.session.get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )

    def query(self, service: str, body: str) -> str:
        """The XML answer to a request of the query protocol, which newer clients no longer speak."""
        request = botocore.awsrequest.AWSRequest(
            "POST", self.endpoint, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), service, REGION).add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(prepared.url, data=body.encode(), headers=dict(prepared.headers), method="POST")
        with urllib.request.urlopen(sent, timeout=10) as answer:
            return answer.read().decode()


def packed(bootstrap: str) -> bytes:
    """A function's package."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        writer.writestr(entry, bootstrap)
    return archive.getvalue()


class CloudCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mesh-cloud-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cloud = Cloud(self.folder)
        self.addCleanup(self.cloud.stop, signal.SIGKILL)
        self.cloud.start()


class AnswersAsAwsDoes(CloudCase):
    def test_alarms_are_described_with_all_that_was_configured(self):
        self.cloud.client("cloudwatch").put_metric_alarm(
            AlarmName="errors",
            AlarmDescription="more <errors> than expected",
            ActionsEnabled=False,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": "registry"}],
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"],
        )
        answer = self.cloud.query("monitoring", "Action=DescribeAlarms&Version=2010-08-01")
        for part in (
            "<ActionsEnabled>false</ActionsEnabled>",
            "<AlarmDescription>more &lt;errors&gt; than expected</AlarmDescription>",
            "<Statistic>Sum</Statistic>",
            "<Period>300</Period>",
            "<TreatMissingData>notBreaching</TreatMissingData>",
            f"<AlarmActions><member>arn:aws:sns:{REGION}:{ACCOUNT}:alerts</member></AlarmActions>",
            "<member><Name>FunctionName</Name><Value>registry</Value></member>",
        ):
            self.assertIn(part, answer)

    def test_alarms_on_expressions_and_on_other_alarms_are_described_as_configured(self):
        cloudwatch = self.cloud.client("cloudwatch")
        metric = {"Namespace": "Mesh", "MetricName": "Faults", "Dimensions": [{"Name": "Operation", "Value": "search"}]}
        queries = [
            {"Id": "share", "Expression": "IF(faults >= 3, faults, 0)", "ReturnData": True},
            {"Id": "faults", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}},
        ]
        cloudwatch.put_metric_alarm(
            AlarmName="burns",
            Metrics=queries,
            EvaluationPeriods=1,
            Threshold=0.5,
            ComparisonOperator="GreaterThanThreshold",
        )
        by_query = "&".join(
            (
                "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=burns-too&EvaluationPeriods=1&Threshold=0.5",
                "ComparisonOperator=GreaterThanThreshold",
                "Metrics.member.1.Id=share&Metrics.member.1.ReturnData=true",
                "Metrics.member.1.Expression=IF%28faults%20%3E%3D%203%2C%20faults%2C%200%29",
                "Metrics.member.2.Id=faults&Metrics.member.2.ReturnData=false",
                "Metrics.member.2.MetricStat.Period=300&Metrics.member.2.MetricStat.Stat=Sum",
                "Metrics.member.2.MetricStat.Metric.Namespace=Mesh",
                "Metrics.member.2.MetricStat.Metric.MetricName=Faults",
                "Metrics.member.2.MetricStat.Metric.Dimensions.member.1.Name=Operation",
                "Metrics.member.2.MetricStat.Metric.Dimensions.member.1.Value=search",
            )
        )
        self.cloud.query("monitoring", by_query)
        cloudwatch.put_composite_alarm(
            AlarmName="objective", AlarmRule='ALARM("burns")', AlarmDescription="what to do", AlarmActions=[]
        )
        kinds = "AlarmTypes.member.1=MetricAlarm&AlarmTypes.member.2=CompositeAlarm"
        answer = self.cloud.query("monitoring", f"Action=DescribeAlarms&Version=2010-08-01&{kinds}")
        for part in (
            "<Expression>IF(faults &gt;= 3, faults, 0)</Expression>",
            "<Period>300</Period><Stat>Sum</Stat>",
            "<ReturnData>false</ReturnData>",
            "<member><Name>Operation</Name><Value>search</Value></member>",
        ):
            self.assertEqual(answer.count(part), 2, f"{part} in {answer}")
        self.assertIn("<AlarmDescription>what to do</AlarmDescription>", answer)
        self.assertNotIn("<Statistic>", answer)

    def test_jwt_authorizers_have_no_payload_version(self):
        gateway = self.cloud.client("apigatewayv2")
        api = gateway.create_api(Name="mesh", ProtocolType="HTTP")["ApiId"]
        created = gateway.create_authorizer(
            ApiId=api,
            Name="jwt",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Audience": ["mesh"], "Issuer": "https://issuer.example.org"},
        )
        found = gateway.get_authorizer(ApiId=api, AuthorizerId=created["AuthorizerId"])
        self.assertEqual(found["AuthorizerType"], "JWT")
        self.assertNotIn("AuthorizerPayloadFormatVersion", {k: v for k, v in found.items() if v is not None})

    def test_a_role_for_one_table_reads_no_other(self):
        glue = self.cloud.client("glue")
        glue.create_database(DatabaseInput={"Name": "operations"})
        for table in ("flights", "crews"):
            glue.create_table(DatabaseName="operations", TableInput={"Name": table})
        prefix = f"arn:aws:glue:{REGION}:{ACCOUNT}"
        whole = self.role("whole", [f"{prefix}:catalog", f"{prefix}:database/operations", f"{prefix}:table/operations/flights"])
        self.assertEqual(whole.get_table(DatabaseName="operations", Name="flights")["Table"]["Name"], "flights")
        self.assert_denied(lambda: whole.get_table(DatabaseName="operations", Name="crews"))
        self.assert_denied(lambda: whole.get_tables(DatabaseName="operations"))
        self.assertEqual(whole.get_database(Name="operations")["Database"]["Name"], "operations")
        table_only = self.role("table-only", [f"{prefix}:table/operations/flights"])
        self.assert_denied(lambda: table_only.get_table(DatabaseName="operations", Name="flights"))

    def test_the_request_log_says_who_did_what_on_what_and_whether_it_was_allowed(self):
        self.cloud.client("glue").create_database(DatabaseInput={"Name": "operations"})
        prefix = f"arn:aws:glue:{REGION}:{ACCOUNT}"
        reader = self.role("reader", [f"{prefix}:catalog", f"{prefix}:database/operations"])
        reader.get_database(Name="operations")
        self.assert_denied(lambda: reader.get_database(Name="finance"))
        calls = [json.loads(line) for line in (self.folder / "requests").read_text().splitlines()]
        seen = {
            (call["by"].split("/")[1], call["action"], call["on"].rsplit(":", 1)[-1], call["allowed"])
            for call in calls
            if "action" in call and call["by"] and "/reader/" in call["by"]
        }
        # AWS wants the catalog allowed as well, so that is a right that is used.
        self.assertIn(("reader", "glue:GetDatabase", "catalog", True), seen)
        self.assertIn(("reader", "glue:GetDatabase", "database/operations", True), seen)
        self.assertIn(("reader", "glue:GetDatabase", "database/finance", False), seen)
        # What was denied reached no service, and is charged for by none.
        requests = [call["request"] for call in calls if "request" in call and "/reader/" in (call["by"] or "")]
        self.assertEqual(requests, ["glue:GetDatabase"])

    def test_the_request_log_counts_the_units_that_dynamodb_charges(self):
        dynamodb = self.cloud.client("dynamodb")
        keys = [("domain", "HASH"), ("name", "RANGE")]
        dynamodb.create_table(
            TableName="products",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        )

        def item(name, size):
            return {"domain": {"S": "d"}, "name": {"S": name}, "manifest": {"S": "x" * size}}

        def key(name):
            return {"domain": {"S": "d"}, "name": {"S": name}}

        writes = [{"Put": {"TableName": "products", "Item": item(name, 100)}} for name in ("b", "c")]
        all_of_d = {":d": {"S": "d"}}
        for charged, call in (
            (("write_units", 1), lambda: dynamodb.put_item(TableName="products", Item=item("a", 100))),
            (("write_units", 3), lambda: dynamodb.put_item(TableName="products", Item=item("a", 2500))),
            (("write_units", 4), lambda: dynamodb.transact_write_items(TransactItems=writes)),
            (("read_units", 1), lambda: dynamodb.get_item(TableName="products", Key=key("a"), ConsistentRead=True)),
            (("read_units", 0.5), lambda: dynamodb.get_item(TableName="products", Key=key("absent"))),
            (("write_units", 9), lambda: dynamodb.put_item(TableName="products", Item=item("a", 9000))),
            (("read_units", 1.5), lambda: dynamodb.get_item(TableName="products", Key=key("a"))),
            # Three items, of which one is absent, each rounded up.
            (
                ("read_units", 1.5 + 0.5 + 0.5),
                lambda: dynamodb.batch_get_item(RequestItems={"products": {"Keys": [key(name) for name in ("a", "b", "z")]}}),
            ),
            # A page is rounded up once.
            (
                ("read_units", 1.5),
                lambda: dynamodb.query(
                    TableName="products",
                    KeyConditionExpression="#d = :d",
                    ExpressionAttributeNames={"#d": "domain"},
                    ExpressionAttributeValues=all_of_d,
                ),
            ),
        ):
            answer = call()
            self.assertNotIn("ConsumedCapacity", answer, "nobody asked for it")
            last = json.loads((self.folder / "requests").read_text().splitlines()[-1])
            self.assertEqual(last.get(charged[0]), charged[1], last)

    def role(self, name: str, resources: list[str]):
        """A Glue client with a role that may do everything on the resources."""
        iam, sts = self.cloud.client("iam"), self.cloud.client("sts")
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        allowed = {"Effect": "Allow", "Action": "glue:*", "Resource": resources}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="glue", PolicyDocument=policy(allowed))
        return self.cloud.client("glue", sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"])

    def assert_denied(self, call):
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            call()
        self.assertEqual(raised.exception.response["Error"]["Code"], "AccessDeniedException")


class RunsAndStops(CloudCase):
    def test_a_function_answers_behind_the_api_and_ends_with_the_cloud(self):
        address = self.deploy_function()
        with urllib.request.urlopen(f"{address}/products/operations.flights", timeout=20) as answer:
            self.assertEqual(answer.status, 200)
            body = json.load(answer)
        self.assertEqual(body["path"], "/products/operations.flights")
        self.assertTrue(is_alive(body["pid"]))
        self.cloud.stop()
        eventually(lambda: not is_alive(body["pid"]), "the function ended with the local cloud")

    def test_an_invocation_outlives_an_update_of_its_function(self):
        address, awaited = self.deploy_function(), self.folder / "awaited"
        functions = self.cloud.client("lambda")
        before = self.asked(f"{address}/before")["pid"]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(self.asked, f"{address}/running?{awaited}")
            eventually((self.folder / "awaited.asked").exists, "the function was asked")
            functions.update_function_code(FunctionName="echo", ZipFile=packed(BOOTSTRAP + "# changed\n"))
            after = self.asked(f"{address}/after")["pid"]
            awaited.touch()
            self.assertEqual(running.result(timeout=20)["pid"], before)
        self.assertNotEqual(after, before, "the new code serves")
        eventually(lambda: not is_alive(before), "the old process ended with its invocation")

    def asked(self, address: str) -> dict:
        with urllib.request.urlopen(address, timeout=20) as answer:
            self.assertEqual(answer.status, 200)
            return json.load(answer)

    def test_what_a_function_logged_is_shown_and_followed(self):
        address = self.deploy_function()
        urllib.request.urlopen(f"{address}/first", timeout=20).close()
        environment = {
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        program = pathlib.Path(cloud.__file__).with_name("function_logs.py")
        command = [sys.executable, str(program), "/aws/lambda/echo", "--lines", "50", "--follow"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as shown:
            self.addCleanup(shown.kill)
            lines = iter(shown.stdout)
            self.assertTrue(any("asked for /first" in line for line in lines))
            urllib.request.urlopen(f"{address}/second", timeout=20).close()
            later = []
            for line in lines:
                later.append(line)
                if "asked for /second" in line:
                    break
            self.assertFalse(any("/first" in line for line in later), "nothing is shown twice")
            shown.kill()

    def test_content_outlives_an_orderly_stop(self):
        self.assertFalse(self.cloud.marker.exists(), "content on disk is behind while the cloud runs")
        address = self.deploy_function()
        self.cloud.client("s3").create_bucket(Bucket="kept")
        self.cloud.client("s3").put_object(Bucket="kept", Key="object", Body=b"content")
        self.cloud.stop()
        self.assertTrue(self.cloud.marker.exists())
        self.cloud.start()
        self.assertFalse(self.cloud.marker.exists())
        kept = self.cloud.client("s3").get_object(Bucket="kept", Key="object")["Body"].read()
        self.assertEqual(kept, b"content")
        with urllib.request.urlopen(f"{address}/again", timeout=20) as answer:
            self.assertEqual(json.load(answer)["path"], "/again")

    def test_temporary_credentials_outlive_an_orderly_stop(self):
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/*"}
        narrowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/mine/*"}
        iam, s3 = self.cloud.client("iam"), self.cloud.client("s3")
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=policy(reads))
        s3.create_bucket(Bucket="kept")
        for key in ("mine/object", "other/object"):
            s3.put_object(Bucket="kept", Key=key, Body=b"content")
        session = {"RoleArn": role, "RoleSessionName": "test", "Policy": policy(narrowed)}
        credentials = self.cloud.client("sts").assume_role(**session)["Credentials"]
        self.cloud.stop()
        self.cloud.start()
        reader = self.cloud.client("s3", credentials)
        self.assertEqual(reader.get_object(Bucket="kept", Key="mine/object")["Body"].read(), b"content")
        with self.assertRaises(botocore.exceptions.ClientError) as raised:
            reader.get_object(Bucket="kept", Key="other/object")
        self.assertEqual(raised.exception.response["Error"]["Code"], "AccessDenied")

    def test_a_kill_leaves_no_sign_of_complete_content(self):
        self.cloud.stop(signal.SIGKILL)
        self.assertFalse(self.cloud.marker.exists())

    def deploy_function(self) -> str:
        """Base address of an HTTP API whose every route is a function."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam, functions, gateway = (self.cloud.client(name) for name in ("iam", "lambda", "apigatewayv2"))
        role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        function = functions.create_function(
            FunctionName="echo",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=role,
            Code={"ZipFile": packed(BOOTSTRAP)},
            Timeout=10,
        )["FunctionArn"]
        api = gateway.create_api(Name="echo", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
        gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        return f"{self.cloud.endpoint}/_aws/execute-api/{api}/$default"


class GlueResources(unittest.TestCase):
    def test_a_call_names_its_most_specific_resource(self):
        for action, request, resource in (
            ("GetTable", {"DatabaseName": "d", "Name": "t"}, "table/d/t"),
            ("CreateTable", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, "table/d/t"),
            ("GetPartitions", {"DatabaseName": "d", "TableName": "t"}, "table/d/t"),
            ("GetTables", {"DatabaseName": "d"}, "table/d/*"),
            ("GetDatabase", {"Name": "d"}, "database/d"),
            ("CreateDatabase", {"DatabaseInput": {"Name": "d"}}, "database/d"),
            ("GetDatabases", {}, "catalog"),
            ("GetCrawler", {"Name": "c"}, None),
        ):
            self.assertEqual(cloud.glue_resource(action, json.dumps(request).encode()), resource, action)
        self.assertIsNone(cloud.glue_resource("GetTable", b"no JSON"))

    def test_a_table_lies_in_its_database_in_the_catalog(self):
        self.assertEqual(
            cloud.with_containing_glue_resources("arn:aws:glue:r:1:table/d/t"),
            ["arn:aws:glue:r:1:catalog", "arn:aws:glue:r:1:database/d", "arn:aws:glue:r:1:table/d/t"],
        )


def policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def eventually(condition, what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within a minute: {what}")
        time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
