//! The search index against a real OpenSearch node, named by `MESH_TEST_SEARCH_ENDPOINT`.

mod catalogue;
mod finding;
mod keeping;
mod paging;
