//! Tests over the whole: the crate graph, the route table, and what belongs to no single crate.

mod exchange;
pub mod fault_proxy;
