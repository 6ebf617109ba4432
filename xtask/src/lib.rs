//! Every developer command of the project, and what they are made of.

pub mod cache;
pub mod checks;
mod http_get;
pub mod interrupt;
pub mod java;
pub mod licences;
pub mod package_functions;
pub mod prerequisites;
pub mod process;
pub mod progress;
pub mod project;
pub mod python;
pub mod release;
pub mod stack;
pub mod steps;
pub mod terraform;
pub mod tool;
