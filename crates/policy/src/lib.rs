//! Policy at three levels, in Rego: what may be published, and what a decision is.
//!
//! A [`Program`] is compiled once, when a policy is published, from the global policies, those of
//! one domain and the offers of the product level ([`PolicySet::compile`]); it is kept by its
//! [`revision`](Program::revision) and answers [`Program::decide`] for one [`PolicyInput`].
//!
//! Allow = an offer, and no deny at any level, and every asked approval given. Only the product
//! level offers; global and domain rules only tighten. Whatever goes wrong (an input that lacks a
//! field, an error, a panic or a time limit in a policy) denies, with the reason.
//!
//! No AWS, no HTTP, no wall clock. Folders of policies are read by [`folder`] and tested by
//! [`testing`]; [`defaults`] holds the ones that the platform ships.

mod check;
mod decision;
pub mod defaults;

mod entries;
mod error;
pub mod folder;
mod input;
mod program;
mod sandbox;
mod source;
pub mod testing;

pub use decision::{Decision, Finding, Obligation, Offer, OfferSource, RequiredApproval, Severity};
pub use error::PolicyError;
pub use input::{Access, Action, Approval, Contract, Field, Owner, Pii, PolicyInput, Port, Principal, Product, Sla};
pub use program::{PolicySet, Program};
pub use source::{Level, PolicySource};
