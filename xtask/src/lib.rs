//! Every developer command of the project, and what they are made of.

pub mod admin;
pub mod aws_api;
pub mod cache;
pub mod chaos;
pub mod checks;
pub mod client;
pub mod codegen;
pub mod demo;
mod http_get;
pub mod interrupt;
pub mod java;
pub mod licences;
pub mod machine_client;
pub mod mesh_commands;
pub mod package_functions;
pub mod platform;
pub mod policy;
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
