//! Arguments that are malformed: refused at their attribute by `terraform validate`, before anything is asked of the platform.

use std::fmt::Write;

use crate::Mesh;

/// What is no domain's name.
const NAMES: [&str; 8] = [
    "Operations",
    "oper--ations",
    "operations-",
    "../platform",
    "oper*",
    "",
    "\u{43E}perations",
    "a23456789012345678901",
];

/// A configuration of one resource an argument; returns it with the line of each argument.
fn configuration(resource: &str, good: &[(&str, &str)], bad: &[(&str, String)]) -> (String, Vec<(usize, String)>) {
    let (mut text, mut lines) = (String::new(), Vec::new());
    for (index, (attribute, value)) in bad.iter().enumerate() {
        let _ = writeln!(text, "resource \"{resource}\" \"r{index}\" {{");
        for (name, value) in good.iter().filter(|(name, _)| name != attribute) {
            let _ = writeln!(text, "  {name} = {value}");
        }
        let _ = writeln!(text, "  {attribute} = {value}\n}}");
        lines.push((text.lines().count() - 1, value.clone()));
    }
    (text, lines)
}

/// Every argument is refused at its line, without the platform.
fn refused(resource: &str, good: &[(&str, &str)], bad: &[(&str, String)]) -> String {
    let (text, lines) = configuration(resource, good, bad);
    let mut mesh = Mesh::new(&text);
    mesh.workspace.env("MESH_ENDPOINT", "http://127.0.0.1:9");
    let told = mesh.run(&["validate", "-no-color"]).exits(1).text();
    for (line, value) in lines {
        assert!(told.contains(&format!("main.tf line {line},")), "{value} in line {line}: {told}");
    }
    assert!(!told.contains("the request to the mesh failed"), "{told}");
    assert!(mesh.api.mesh().requests.is_empty());
    told
}

fn quoted(texts: &[&str]) -> Vec<String> {
    // As HCL writes it: template markers doubled.
    texts.iter().map(|text| format!("{text:?}").replace("\\u{43e}", "\u{43E}")).collect()
}

fn each(attribute: &'static str, values: Vec<String>) -> Vec<(&'static str, String)> {
    values.into_iter().map(|value| (attribute, value)).collect()
}

#[test]
fn names_of_domains_are_checked_wherever_they_stand() {
    let told = refused("mesh_domain", &[("description", "\"x\""), ("members", "[]")], &each("name", quoted(&NAMES)));
    assert!(told.contains("is not a valid name: use 1 to 20 lower-case ASCII letters"), "{told}");
    let parts: Vec<_> = [
        "bucket",
        "key_arn",
        "glue_database",
        "reader_role_arn",
        "producer_role_arn",
        "observer_role_arn",
        "alert_topic_arn",
    ]
    .map(|part| (part, "\"x\""))
    .into();
    refused("mesh_domain_envelope", &parts, &each("domain", quoted(&NAMES)));
}

#[test]
fn terms_of_contracts_are_checked() {
    let good =
        [("port", "\"operations.flights/daily@1\""), ("consumer_domain", "\"insights\""), ("purpose", "\"analytics\"")];
    let mut bad = each("consumer_domain", quoted(&NAMES));
    bad.extend(each(
        "port",
        quoted(&[
            "operations.flights",
            "flights/daily@1",
            "operations.flights/daily@01",
            "operations.*/daily@1",
            "operations.flights/daily@-1",
            "",
        ]),
    ));
    bad.extend(each("agreed_freshness", quoted(&["0m", "-5m", "60", "1.5h", "60s", "soon", ""])));
    bad.extend(each("expires_at", quoted(&["tomorrow", "2030-01-01", "2030-13-01T00:00:00Z", ""])));
    let told = refused("mesh_consumption_contract", &good, &bad);
    for part in ["is not a port address", "write a whole number above 0 with the unit m, h or d", "is not a time"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn manifests_and_waits_are_checked() {
    let good = crate::products::manifest("1.0.0", "[]");
    let manifest = format!("{good:?}");
    let texts = [
        String::new(),
        "a: [".to_owned(),
        "a: &a [x]\nb: [*a, *a]\n".to_owned(),
        format!("a: {}{}", "[".repeat(500), "]".repeat(500)),
        good.replace("name: flights", "name: flights\nname: other"),
        good.replace("freshness: 60m", "freshness: 0m"),
        good.replace("format: iceberg", "format: http\n    endpoint: https://169.254.169.254/latest"),
    ];
    let mut bad = each("manifest", texts.iter().map(|text| format!("{text:?}")).collect());
    bad.extend(each("wait", ["-1", "1.5"].map(str::to_owned).into()));
    let told = refused("mesh_data_product", &[("manifest", &manifest)], &bad);
    for code in [
        "manifest.empty",
        "manifest.syntax",
        "manifest.alias",
        "manifest.too_deep",
        "manifest.duplicate_key",
        "manifest.invalid_value",
        "manifest.endpoint_invalid",
    ] {
        assert!(told.contains(code), "{code}: {told}");
    }
}

#[test]
fn imports_by_what_is_no_name_are_refused_and_ask_nothing() {
    let manifest = crate::products::manifest("1.0.0", "[]");
    let mesh = Mesh::with_domains(&format!(
        "resource \"mesh_domain\" \"a\" {{\n name = \"a\"\n description = \"A.\"\n members = []\n}}\nresource \"mesh_data_product\" \"a\" {{\n manifest = {manifest:?}\n}}\n"
    ));
    for (address, id) in [
        ("mesh_domain.a", "../domains"),
        ("mesh_domain.a", "Operations"),
        ("mesh_data_product.a", "operations"),
        ("mesh_data_product.a", "operations.*"),
        ("mesh_data_product.a", "../operations.flights"),
    ] {
        let told = mesh.run(&["import", "-no-color", address, id]).exits(1).text();
        assert!(told.contains(id), "{told}");
        assert!(mesh.state(address).is_null());
    }
    assert!(mesh.api.mesh().requests.is_empty(), "{:?}", mesh.api.mesh().requests);
}
