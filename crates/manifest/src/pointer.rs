//! JSON pointers (RFC 6901) into a manifest.

/// One step of a pointer, with its slash: `~` and `/` in `key` are escaped.
pub fn token(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The steps of `pointer`, unescaped.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_unescapes() {
        assert_eq!(token("a/b~c"), "/a~1b~0c");
        assert_eq!(tokens("/a~1b~0c/0").collect::<Vec<_>>(), ["a/b~c", "0"]);
        assert_eq!(tokens("").count(), 0);
    }
}
