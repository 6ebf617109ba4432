//! What a machine client of a mesh gets tokens by.

use serde::{Deserialize, Serialize};

/// A machine client's credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineClient {
    pub client_id: String,
    pub client_secret: String,
}

impl std::fmt::Debug for MachineClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MachineClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
