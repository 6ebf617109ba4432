//! Where a table's metadata files lie, and how the newest is told.

use crate::audit::new_id;

/// A new key for a port's metadata file: numbered, so that the newest can be told, and unique, so that nobody's is overwritten.
pub fn metadata_key(prefix: &str, number: u64) -> String {
    numbered_key(prefix, number, &new_id())
}

pub(crate) fn numbered_key(prefix: &str, number: u64, unique: &str) -> String {
    format!("{prefix}/metadata/{number:05}-{unique}.metadata.json")
}

/// The number in a metadata file's key.
pub fn metadata_number(key: &str) -> Option<u64> {
    let name = key.rsplit('/').next()?.strip_suffix(".metadata.json")?;
    name.split_once('-')?.0.parse().ok()
}

/// The key within `bucket` of an `s3://` URL.
pub fn key_of<'a>(url: &'a str, bucket: &str) -> Option<&'a str> {
    url.strip_prefix("s3://")?.strip_prefix(bucket)?.strip_prefix('/')
}
