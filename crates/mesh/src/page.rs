//! Paged answers.

/// One page of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page starts; none on the last page. Opaque to callers.
    pub cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page with each item converted.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), cursor: self.cursor }
    }
}
