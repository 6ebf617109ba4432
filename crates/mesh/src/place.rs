//! Where a port's data lies within its domain's bucket.

use mesh_manifest::{Manifest, OutputPort, PortAddress, ProductName};

use crate::{error::Violation, findings::Findings};

/// Where a port's data lies, in keys of its domain's bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What credentials for the port reach, without slashes at either end.
    pub prefix: String,
    /// What the port's files begin with.
    pub data: String,
}

/// The step under which files lie: the roles of a domain open no other.
const DATA: &str = "data";

impl Place {
    /// The place of `port`: its own, or the one that it took over.
    pub fn of(address: &PortAddress, port: &OutputPort) -> Self {
        let prefix = match adopted(port) {
            // What holds the files, so that it has them below `data/` as every port has.
            Some((_, folder)) if port.format.is_file() => folder.strip_suffix("/data").unwrap_or(folder).to_owned(),
            Some((_, folder)) => folder.to_owned(),
            None => address.prefix(),
        };
        Self { data: format!("{prefix}/{DATA}/"), prefix }
    }
}

/// The bucket and folder that a port takes over.
fn adopted(port: &OutputPort) -> Option<(&str, &str)> {
    let location = port.adopt.as_ref()?.location.as_deref()?;
    let (bucket, folder) = location.strip_prefix("s3://")?.split_once('/')?;
    Some((bucket, folder.trim_end_matches('/')))
}

/// What is taken over lies in the domain's own bucket, and where no other product's data lies or ever will: below a folder that no product can
/// be called by, and there below one that is called as this product. It says whose it is, so that no list of all products is needed.
pub(crate) fn check(manifest: &Manifest, bucket: &str, findings: &mut Findings) {
    let mut taken: Vec<(PortAddress, String)> = Vec::new();
    for (index, port) in manifest.output_ports.iter().enumerate() {
        let Some((named, folder)) = adopted(port) else { continue };
        let mut refuse = |code: &str, detail: String, remedy: String| {
            let pointer = format!("/outputPorts/{index}/adopt/location");
            findings.refuse(Violation::new(code, pointer, detail).with_remedy(remedy));
        };
        if named != bucket {
            refuse(
                "adoption.elsewhere",
                format!("`s3://{named}/{folder}/` is not in the storage of `{}`, `s3://{bucket}/`", manifest.domain),
                "take over what lies in your domain's own bucket, or have its owner publish it".to_owned(),
            );
            continue;
        }
        let mut steps = folder.split('/');
        let (top, owner) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        if top.parse::<ProductName>().is_ok() || owner != manifest.name.as_str() {
            refuse(
                "adoption.reserved",
                format!("`{folder}/` is not a folder that is kept for what `{}` takes over", manifest.id()),
                format!(
                    "keep it below `_legacy/{0}/`, or call the product as the folder below `_legacy/` is called",
                    manifest.name
                ),
            );
            continue;
        }
        if port.format.is_file() && !folder.ends_with("/data") {
            refuse(
                "adoption.layout",
                format!("the files of `{folder}/` do not lie in a folder `data/`, and no other can be read"),
                "keep the files in a folder called `data`".to_owned(),
            );
        }
        let (address, place) = (manifest.address(port), Place::of(&manifest.address(port), port).prefix);
        let within = |outer: &str, inner: &str| {
            inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        for (other, its) in taken.iter().filter(|(_, its)| within(its, &place) || within(&place, its)) {
            refuse(
                "adoption.overlaps",
                format!("`{folder}/` and the data of `{other}`, `{its}/`, lie within each other"),
                "take over a folder that holds this port's data and nothing else".to_owned(),
            );
        }
        taken.push((address, place));
    }
}
