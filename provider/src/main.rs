//! terraform-provider-mesh: data products, their domains and contracts as Terraform resources.

use std::process::ExitCode;

use terraform_provider_mesh::{Environment, MeshProvider};

fn main() -> ExitCode {
    tfplugin::serve(MeshProvider::new(Environment::of_process()))
}
