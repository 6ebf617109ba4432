//! Where a port's data lies within its domain's bucket.

use mesh_manifest::{OutputPort, PortAddress, ProductName};

use crate::{error::Violation, findings::Findings, product::Product};

/// Where a port's data lies, in keys of its domain's bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What credentials for the port reach, without slashes at either end.
    pub prefix: String,
    /// What the port's files begin with.
    pub data: String,
}

impl Place {
    /// The place of `port`: its own, or the one that it took over.
    pub fn of(address: &PortAddress, port: &OutputPort) -> Self {
        match adopted(port) {
            Some((_, prefix)) => Self { data: format!("{prefix}/"), prefix: prefix.to_owned() },
            None => Self { data: format!("{}/data/", address.prefix()), prefix: address.prefix() },
        }
    }
}

/// The bucket and prefix that a port takes over.
fn adopted(port: &OutputPort) -> Option<(&str, &str)> {
    let location = port.adopt.as_ref()?.location.as_deref()?;
    let (bucket, prefix) = location.strip_prefix("s3://")?.split_once('/')?;
    Some((bucket, prefix.trim_end_matches('/')))
}

/// What is taken over lies in the domain's own bucket, and where no other product's data lies or ever will.
///
/// Products keep their data below folders of their names. What is taken over lies below the product's own, or below one that no product can be
/// called by.
pub(crate) fn check(
    manifest: &mesh_manifest::Manifest,
    bucket: &str,
    before: Option<&Product>,
    findings: &mut Findings,
) {
    for (index, port) in manifest.output_ports.iter().enumerate() {
        let Some((named, prefix)) = adopted(port) else { continue };
        let pointer = format!("/outputPorts/{index}/adopt/location");
        if named != bucket {
            let detail =
                format!("`s3://{named}/{prefix}/` is not in the storage of `{}`, `s3://{bucket}/`", manifest.domain);
            findings.refuse(
                Violation::new("adoption.elsewhere", pointer.as_str(), detail)
                    .with_remedy("take over what lies in your domain's own bucket, or have its owner publish it"),
            );
            continue;
        }
        let top = prefix.split('/').next().unwrap_or_default();
        if top != manifest.name.as_str() && top.parse::<ProductName>().is_ok() {
            let detail = format!("`{top}/` is where the data of a product called `{top}` lies");
            findings.refuse(
                Violation::new("adoption.reserved", pointer.as_str(), detail)
                    .with_remedy(format!("publish it as the product `{top}`, or keep it below a folder with an underscore or a capital, such as `_legacy/`")),
            );
        }
        let address = manifest.address(port);
        let own = manifest
            .output_ports
            .iter()
            .map(|other| (manifest.address(other), Place::of(&manifest.address(other), other).prefix));
        let gone = before.iter().flat_map(|before| &before.gone).map(|gone| (gone.port.clone(), gone.port.prefix()));
        let within = |outer: &str, inner: &str| {
            inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        for (other, place) in own.chain(gone).filter(|(other, _)| *other != address) {
            if within(&place, prefix) || within(prefix, &place) {
                let detail = format!("`{prefix}/` and the data of `{other}`, `{place}/`, lie within each other");
                findings.refuse(
                    Violation::new("adoption.overlaps", pointer.as_str(), detail)
                        .with_remedy("take over a folder that holds this port's data and nothing else"),
                );
            }
        }
    }
}
