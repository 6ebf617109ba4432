//! The example provider under the real `terraform`: the whole life of a resource, and every way in which it can go wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "functions that only tests call may panic")]

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tfplugin::testing::{Run, Workspace};

/// A workspace after `terraform init`, and the file in which its provider keeps the entries.
struct Kv {
    workspace: Workspace,
    store: PathBuf,
}

impl Kv {
    fn new(config: &str) -> Self {
        let workspace = Workspace::new("example.test/local/kv", "0.1.0", &provider()).unwrap();
        let store = workspace.path().join("store.json");
        let kv = Self { workspace, store };
        kv.configure(config);
        let _ = kv.run(&["init", "-no-color"]).exits(0);
        kv
    }

    fn configure(&self, config: &str) {
        let provider = format!("provider \"kv\" {{\n  path = {:?}\n}}\n", self.store.display().to_string());
        self.workspace.write("provider.tf", &provider).unwrap();
        self.workspace.write("main.tf", config).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.workspace.run(arguments).unwrap()
    }

    fn apply(&self) -> Run {
        self.run(&["apply", "-auto-approve", "-no-color"])
    }

    /// 0 if nothing is to change, 2 if something is.
    fn plan(&self) -> Run {
        self.run(&["plan", "-detailed-exitcode", "-no-color"])
    }

    fn entries(&self) -> Json {
        serde_json::from_slice(&std::fs::read(&self.store).unwrap()).unwrap()
    }

    /// The state of the only resource of the root module.
    fn state(&self) -> Json {
        let state: Json = serde_json::from_str(&self.run(&["show", "-json"]).exits(0).stdout).unwrap();
        state["values"]["root_module"]["resources"][0].clone()
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.store.with_extension("journal")).unwrap_or_default()
    }
}

/// The program that cargo built from `examples/kv`, beside this test's own.
fn provider() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).unwrap().join("examples/kv");
    assert!(path.exists(), "run `cargo build -p tfplugin --examples` first");
    path
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not happen within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_resource_lives_from_creation_to_destruction() {
    let entry = |key: &str, value: &str| {
        format!(
            r#"
            resource "kv_entry" "a" {{
              key   = "{key}"
              value = "{value}"
              ratio = 0.1
              tags  = ["b", "a"]
              extra = {{ list = [1, "two", null], big = 123456789012345678901234567890 }}
              owner = {{ team = "ops", contact = "ops@example.org" }}
            }}
            "#
        )
    };
    let kv = Kv::new(&entry("one", "x"));
    let plan = kv.plan().exits(2);
    assert!(plan.text().contains("+ revision = (known after apply)"), "{}", plan.stdout);
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["one"]["value"], "x");
    let state = kv.state();
    assert_eq!(
        (&state["values"]["id"], &state["values"]["kind"], &state["values"]["revision"]),
        (&"one".into(), &"plain".into(), &1.into())
    );
    let _ = kv.plan().exits(0);

    kv.configure(&entry("one", "y"));
    let plan = kv.plan().exits(2);
    assert!(plan.text().contains("~ revision = 1 -> (known after apply)"), "{}", plan.stdout);
    assert!(!plan.text().contains("~ id"), "{}", plan.stdout);
    let _ = kv.apply().exits(0);
    assert_eq!((&kv.entries()["one"]["value"], &kv.entries()["one"]["revision"]), (&"y".into(), &2.into()));
    let _ = kv.plan().exits(0);

    kv.configure(&entry("two", "y"));
    assert!(kv.plan().exits(2).text().contains("# forces replacement"));
    let _ = kv.apply().exits(0);
    assert!(kv.entries()["one"].is_null());
    assert_eq!(kv.entries()["two"]["revision"], 1);

    let _ = kv.run(&["state", "rm", "kv_entry.a"]).exits(0);
    let _ = kv.run(&["import", "-no-color", "kv_entry.a", "two"]).exits(0);
    assert_eq!(kv.state()["values"]["value"], "y");

    let _ = kv.run(&["destroy", "-auto-approve"]).exits(0);
    assert_eq!(kv.entries(), serde_json::json!({}));
    assert!(kv.state().is_null());
}

#[test]
fn what_vanished_or_drifted_is_planned_again() {
    let kv = Kv::new(r#"resource "kv_entry" "a" { key = "a" }"#);
    let _ = kv.apply().exits(0);
    std::fs::write(&kv.store, r#"{"a": {"value": "by hand", "revision": 7}}"#).unwrap();
    assert!(kv.plan().exits(2).text().contains(r#"- value = "by hand" -> null"#));
    std::fs::write(&kv.store, "{}").unwrap();
    assert!(kv.plan().exits(2).text().contains("1 to add"));
}

#[test]
fn what_was_made_before_a_failure_is_kept() {
    let kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"half\"\n}");
    assert!(kv.apply().exits(1).text().contains("the entry was made but not finished"));
    assert_eq!(kv.state()["values"]["id"], "a");
    assert_eq!(kv.state()["tainted"], true);
    kv.configure("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"whole\"\n}");
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["a"]["value"], "whole");

    // A failing update keeps the state as it was.
    kv.configure("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"refused\"\n}");
    assert!(kv.apply().exits(1).text().contains("the service refuses this value"));
    assert_eq!(kv.state()["values"]["value"], "whole");
    assert!(kv.state()["tainted"].is_null());
}

#[test]
fn a_failing_destruction_keeps_the_resource() {
    let kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n kind = \"locked\"\n}");
    let _ = kv.apply().exits(0);
    assert!(kv.run(&["destroy", "-auto-approve"]).exits(1).text().contains("the entry is locked"));
    assert_eq!(kv.state()["values"]["id"], "a");
    // With another kind it may go, and the plan of its destruction may warn.
    kv.configure("resource \"kv_entry\" \"a\" {\n key = \"a\"\n kind = \"precious\"\n}");
    let _ = kv.apply().exits(0);
    let destroyed = kv.run(&["destroy", "-auto-approve"]).exits(0);
    assert!(destroyed.text().contains("a precious entry will be destroyed"), "{}", destroyed.text());
}

#[test]
fn messages_point_at_the_attribute() {
    let kv = Kv::new(
        "resource \"kv_entry\" \"a\" {\n  key = \"a\"\n  owner = {\n    team    = \"ops\"\n    contact = \"nobody\"\n  }\n}\n",
    );
    let result: Json = serde_json::from_str(&kv.run(&["validate", "-json"]).exits(1).stdout).unwrap();
    let found = &result["diagnostics"][0];
    assert!(found["detail"].as_str().unwrap().ends_with("At `owner.contact`."), "{found}");
    assert_eq!((&found["severity"], &found["summary"]), (&"error".into(), &"not an e-mail address".into()));
    assert_eq!((&found["range"]["filename"], &found["range"]["start"]["line"]), (&"main.tf".into(), &3.into()));

    kv.configure("resource \"kv_entry\" \"a\" {\n  value = \"x\"\n  key   = \"reserved.a\"\n}\n");
    let _ = kv.run(&["validate"]).exits(0);
    let plan = kv.plan().exits(1);
    assert!(plan.text().contains("on main.tf line 3, in resource \"kv_entry\" \"a\""), "{}", plan.text());
}

#[test]
fn write_only_values_reach_the_service_and_nothing_else() {
    let entry = |secret: &str, version: u32| {
        format!("resource \"kv_entry\" \"a\" {{\n key = \"a\"\n secret = \"{secret}\"\n secret_version = {version}\n}}")
    };
    let kv = Kv::new(&entry("hunter2", 1));
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["a"]["secret_length"], 7);
    let state = std::fs::read_to_string(kv.workspace.path().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("hunter2"));
    let _ = kv.plan().exits(0);
    // Alone, another secret is no change; with its version it is.
    kv.configure(&entry("correct horse", 1));
    let _ = kv.plan().exits(0);
    kv.configure(&entry("correct horse", 2));
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["a"]["secret_length"], 13);
}

#[test]
fn a_panic_is_an_error_of_its_resource_only() {
    let kv = Kv::new(
        "resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"crash\"\n}\nresource \"kv_entry\" \"b\" {\n key = \"b\"\n}\n",
    );
    let run = kv.apply().exits(1);
    assert!(run.text().contains("the provider crashed"), "{}", run.text());
    assert!(run.text().contains("the value made it crash"), "{}", run.text());
    assert_eq!(kv.entries()["b"]["revision"], 1);
    let listed = kv.run(&["state", "list"]).exits(0).stdout;
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["kv_entry.a", "kv_entry.b"]);
}

#[test]
fn data_sources_are_read_and_may_find_nothing() {
    let kv = Kv::new(
        "resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"x\"\n}\ndata \"kv_entry\" \"a\" {\n key = kv_entry.a.id\n}\noutput \"value\" {\n value = data.kv_entry.a.value\n}\n",
    );
    let _ = kv.apply().exits(0);
    assert_eq!(kv.run(&["output", "-raw", "value"]).stdout, "x");
    kv.configure("data \"kv_entry\" \"none\" {\n key = \"none\"\n}\n");
    let plan = kv.plan().exits(1);
    assert!(plan.text().contains("there is no such entry") && plan.text().contains("line 2"), "{}", plan.text());
}

#[test]
fn ephemeral_resources_are_opened_and_closed_and_not_stored() {
    let kv = Kv::new(
        "ephemeral \"kv_token\" \"t\" {\n audience = \"svc\"\n}\nresource \"kv_entry\" \"a\" {\n key = \"a\"\n secret = ephemeral.kv_token.t.token\n}\n",
    );
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["a"]["secret_length"], u64::try_from("token-for-svc".len()).unwrap());
    let journal = kv.journal();
    assert_eq!(journal.matches("open svc").count(), journal.matches("close svc").count());
    assert!(journal.contains("close svc"));
    assert!(!std::fs::read_to_string(kv.workspace.path().join("terraform.tfstate")).unwrap().contains("token-for-svc"));
}

#[test]
fn a_provider_can_be_configured_by_what_is_not_known_yet() {
    let kv = Kv::new("");
    let store = kv.store.display().to_string();
    kv.workspace.write("provider.tf", "provider \"kv\" {\n path = terraform_data.path.output\n}\n").unwrap();
    let config = format!(
        "resource \"terraform_data\" \"path\" {{\n input = {store:?}\n}}\nresource \"kv_entry\" \"a\" {{\n key = \"a\"\n value = terraform_data.path.id\n}}\n"
    );
    kv.workspace.write("main.tf", &config).unwrap();
    let _ = kv.apply().exits(0);
    assert_eq!(kv.entries()["a"]["revision"], 1);
    let _ = kv.plan().exits(0);
}

#[test]
fn state_of_an_older_schema_is_upgraded() {
    let kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"x\"\n}\n");
    let _ = kv.apply().exits(0);
    let path = kv.workspace.path().join("terraform.tfstate");
    let mut state: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = 0.into();
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let value = attributes.remove("value").unwrap();
    attributes.insert("text".into(), value);
    attributes.insert("forgotten".into(), 1.into());
    std::fs::write(&path, state.to_string()).unwrap();
    let _ = kv.plan().exits(0);
}

#[test]
fn an_interrupted_creation_ends_by_itself_and_is_kept() {
    let kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"slow\"\n}\n");
    let terraform = kv.workspace.command(&["apply", "-auto-approve", "-no-color"]).process_group(0).spawn().unwrap();
    eventually("the creation", || kv.journal().contains("waiting").then_some(()));
    // As Ctrl-C does: the signal goes to Terraform and its provider alike.
    let group = format!("-{}", terraform.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    let output = terraform.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("interrupted before the entry was finished"), "{text}");
    assert_eq!(kv.state()["values"]["id"], "a");
}

#[test]
fn the_provider_does_not_outlive_terraform() {
    let kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n value = \"slow\"\n}\n");
    let mut terraform = kv.workspace.command(&["apply", "-auto-approve"]).spawn().unwrap();
    let provider = eventually("the creation", || {
        kv.journal().lines().find_map(|line| line.strip_prefix("waiting ").map(str::to_owned))
    });
    terraform.kill().unwrap();
    terraform.wait().unwrap();
    let alive =
        || Command::new("kill").args(["-0", &provider]).stderr(std::process::Stdio::null()).status().unwrap().success();
    eventually("the provider's end", || (!alive()).then_some(()));
}

#[test]
fn it_ends_by_itself_and_logs_in_terraforms_form() {
    let mut kv = Kv::new("resource \"kv_entry\" \"a\" {\n key = \"a\"\n}\n");
    kv.workspace.env("TF_LOG", "debug");
    let run = kv.apply().exits(0);
    assert!(!run.stderr.contains("failed to exit gracefully"), "the provider had to be killed");
    let line = run.stderr.lines().find(|line| line.contains("configured") && line.contains("kv")).unwrap_or_default();
    assert!(line.contains("[INFO]") && line.contains("terraform=1."), "{line}");
}

#[test]
fn the_schema_is_documented() {
    let kv = Kv::new("");
    let run = kv.run(&["providers", "schema", "-json"]).exits(0);
    let json: Json = serde_json::from_str(&run.stdout).unwrap();
    let provider = &json["provider_schemas"]["example.test/local/kv"];
    let attributes = &provider["resource_schemas"]["kv_entry"]["block"]["attributes"];
    assert_eq!(attributes["key"]["description"], "Its name.");
    assert_eq!(attributes["secret"]["write_only"], true);
    assert_eq!(attributes["owner"]["nested_type"]["nesting_mode"], "single");
    assert_eq!(provider["ephemeral_resource_schemas"]["kv_token"]["block"]["attributes"]["token"]["sensitive"], true);
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let output = Command::new(provider()).env_remove("TF_PLUGIN_MAGIC_COOKIE").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by Terraform, not by hand"));
}
