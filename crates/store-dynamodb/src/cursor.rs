//! Cursors: the place where the next page starts, opaque to clients and good for one list only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mesh_core::error::StoreError;

/// A cursor for the list called `list`, after the item at `place`.
pub(crate) fn encode(list: &str, place: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([list, place]).to_string())
}

/// The place in a cursor that [`encode`] made for the same list.
pub(crate) fn decode<const N: usize>(list: &str, cursor: &str) -> Result<[String; N], StoreError> {
    let decoded = URL_SAFE_NO_PAD.decode(cursor).ok();
    let parts: Option<(String, Vec<String>)> = decoded.and_then(|json| serde_json::from_slice(&json).ok());
    let place = parts.filter(|(made_for, _)| made_for == list).and_then(|(_, place)| place.try_into().ok());
    place.ok_or(StoreError::InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = encode("products of operations", &["operations.flights"]);
        assert_eq!(decode("products of operations", &cursor).unwrap(), ["operations.flights"]);
        for (list, bad) in
            [("products of weather", cursor.as_str()), ("products of operations", ""), ("x", "!"), ("x", "bm8")]
        {
            assert!(matches!(decode::<1>(list, bad), Err(StoreError::InvalidCursor)), "{list} {bad}");
        }
        assert!(decode::<2>("products of operations", &cursor).is_err());
    }
}
