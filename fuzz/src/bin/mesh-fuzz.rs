//! One target under libFuzzer: that which `MESH_FUZZ_TARGET` names.
#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<mesh_fuzz::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("MESH_FUZZ_TARGET").unwrap_or_default();
        mesh_fuzz::target(&name).expect("`MESH_FUZZ_TARGET` names a target")
    });
    target(data);
});
