//! Credentials from STS, narrowed to one port, and sealing by KMS.

mod sealer;
mod session_policy;
mod vendor;

pub use sealer::KmsSealer;
pub use vendor::StsVendor;
