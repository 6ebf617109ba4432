//! Queries: items of one key in order, all of them or a page.

use aws_sdk_dynamodb::types::AttributeValue;
use mesh_core::error::StoreError;

use crate::{
    errors::error,
    layout::{Item, text},
    store::DynamoStore,
    tables::{Index, Table},
};

/// The most items that one page has.
const LARGEST_PAGE: usize = 1000;

/// Which items, in which order.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    table: Table,
    index: Option<Index>,
    hash: String,
    range: Option<(&'static str, AttributeValue)>,
    newest_first: bool,
}

impl Query {
    /// The items of `table` whose hash key is `hash`, read consistently.
    pub(crate) fn table(table: Table, hash: impl ToString) -> Self {
        Self { table, index: None, hash: hash.to_string(), range: None, newest_first: false }
    }

    /// The items of `table` whose hash key in `index` is `hash`; may lag a little.
    pub(crate) fn index(table: Table, index: Index, hash: impl ToString) -> Self {
        Self { index: Some(index), ..Self::table(table, hash) }
    }

    /// Only items whose range key begins with `prefix`.
    pub(crate) fn beginning(mut self, prefix: &str) -> Self {
        self.range = Some(("begins_with(#range, :range)", text(prefix)));
        self
    }

    /// Only items whose range key is below `value`.
    pub(crate) fn below(mut self, value: &str) -> Self {
        self.range = Some(("#range < :range", text(value)));
        self
    }

    /// From the greatest range key to the smallest.
    pub(crate) fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }
}

/// The items of one page and whether more come after them.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) items: Vec<Item>,
    pub(crate) more: bool,
}

impl DynamoStore {
    /// All items of a query.
    pub(crate) async fn all(&self, query: &Query) -> Result<Vec<Item>, StoreError> {
        self.collect(query, None, usize::MAX).await
    }

    /// At most `limit` items of a query after the key `start`.
    pub(crate) async fn page(&self, query: &Query, start: Option<Item>, limit: usize) -> Result<Items, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        // One item more tells a full last page from one that another follows.
        let mut items = self.collect(query, start, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Items { items, more })
    }

    /// At most `limit` items of a query after the key `start`, however many calls it takes.
    pub(crate) async fn collect(
        &self,
        query: &Query,
        start: Option<Item>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let (hash, range) = match query.index {
            Some(index) => (index.hash, index.range),
            None => (query.table.hash, query.table.range),
        };
        let condition =
            query.range.as_ref().map_or("#hash = :hash".to_owned(), |(range, _)| format!("#hash = :hash AND {range}"));
        let mut request = self
            .client
            .query()
            .table_name(self.name(query.table))
            .set_index_name(query.index.map(|index| index.name.to_owned()))
            .consistent_read(query.index.is_none())
            .scan_index_forward(!query.newest_first)
            .key_condition_expression(condition)
            .expression_attribute_names("#hash", hash)
            .expression_attribute_values(":hash", text(&query.hash));
        if let (Some((_, value)), Some(range)) = (&query.range, range) {
            request = request
                .expression_attribute_names("#range", range)
                .expression_attribute_values(":range", value.clone());
        }
        let mut items: Vec<Item> = Vec::new();
        let mut start = start;
        loop {
            let missing = i32::try_from(limit - items.len()).ok();
            let page = request.clone().set_limit(missing).set_exclusive_start_key(start).send().await.map_err(error)?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
        }
    }
}
