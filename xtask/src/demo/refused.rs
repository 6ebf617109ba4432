//! Step `refused`: Terraform's own plan refuses what breaks a policy or a contract, and says what, where and for whom.

use anyhow::{Result, bail};

use super::mesh::Demo;
use super::python::EXAMPLE;
use crate::terraform::{Plan, Root};

/// A manifest that must be refused, and what the refusal must say.
struct Refusal {
    manifest: &'static str,
    domain: &'static str,
    /// Each of these texts: the code, the path, the consumer, …
    said: &'static [&'static str],
}

const REFUSALS: &[Refusal] = &[
    Refusal {
        manifest: "pii.yaml",
        domain: "operations",
        said: &["pii.unencrypted", "/outputPorts/0/schema/fields/2/pii", "captain_email"],
    },
    Refusal {
        manifest: "breaking.yaml",
        domain: "operations",
        said: &[
            "/outputPorts/0/schema/fields",
            "scheduled_hour",
            "tail_number",
            "`insights`",
            "contract `operations.flights.",
            "evolution.breaks_contract",
        ],
    },
];

pub fn refused(demo: &mut Demo<'_>) -> Result<String> {
    for refusal in REFUSALS {
        let why = match root(demo, refusal)?.plan()? {
            Plan::Refused(why) => why,
            Plan::Unchanged | Plan::Changes(_) => bail!("terraform plan accepts `{}`", refusal.manifest),
        };
        // Terraform wraps lines where it likes, and draws a box around them.
        let plain = why.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let missing: Vec<&str> = refusal.said.iter().filter(|text| !plain.contains(**text)).copied().collect();
        if !missing.is_empty() {
            bail!("the refusal of `{}` does not say {}:\n{}", refusal.manifest, missing.join(", "), why.trim());
        }
        if !names_a_line(&plain) {
            bail!("the refusal of `{}` names no line:\n{}", refusal.manifest, why.trim());
        }
    }
    let names: Vec<&str> = REFUSALS.iter().map(|refusal| refusal.manifest).collect();
    Ok(format!("terraform plan refuses {}: what, line and path, why, and for whom", names.join(" and ")))
}

/// A product's configuration of its own, with a state of its own.
fn root<'a>(demo: &Demo<'a>, refusal: &Refusal) -> Result<Root<'a>> {
    let platform = demo.platform()?;
    let client = demo.client(refusal.domain)?;
    let name = format!("refused-{}", refusal.manifest.trim_end_matches(".yaml"));
    Ok(Root::new(demo.project, demo.interrupt, format!("{EXAMPLE}/refused"))
        .against(&demo.running()?.endpoints)
        .named(&name)
        .variable("manifest", refusal.manifest)
        .environment("MESH_ENDPOINT", &platform.known.api_url)
        .environment("MESH_TOKEN_URL", &platform.known.token_url)
        .environment("MESH_SCOPE", &platform.known.scope)
        .environment("MESH_CLIENT_ID", &client.client_id)
        .environment("MESH_CLIENT_SECRET", &client.client_secret)
        .environment("MESH_DOMAIN", refusal.domain))
}

/// Whether the text says where in the manifest: `Line 12, column 3 of the manifest`. Terraform itself names lines of its own files.
fn names_a_line(text: &str) -> bool {
    text.split("Line ").skip(1).any(|after| {
        let place = after.split_once(" of the manifest").map_or("", |(place, _)| place);
        place.split_once(", column ").is_some_and(|(line, column)| is_number(line) && is_number(column))
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::names_a_line;

    #[test]
    fn a_line_of_the_manifest_is_told_from_one_of_terraforms_files() {
        assert!(names_a_line("on main.tf line 19, in data: Line 22, column 7 of the manifest, `/outputPorts/0`."));
        assert!(!names_a_line("on main.tf line 19, in data: it is refused. Line of the manifest"));
        assert!(!names_a_line("Line up, column by column of the manifest"));
    }
}
