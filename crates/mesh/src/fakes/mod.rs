//! In-memory fakes of this crate's traits, for tests: they paginate, conflict and fail as the real services do.
//!
//! Every fake is cheap to clone; clones share what they hold. The contract suites run on the fakes and on the real adapters alike.

pub mod clock;
pub mod credentials;
pub mod events;
pub mod failures;
pub mod faults;
pub mod object_storage;
pub mod search_index;
pub mod store;
pub mod table_catalog;

pub use clock::FakeClock;
pub use credentials::{FakeCredentialVendor, FakeSealer};
pub use events::{Alert, FakeEventPublisher};
pub use failures::Failures;
pub use faults::{Fault, Faulty, Moment, Schedule, Script, Task, interleave};
pub use object_storage::FakeObjectStorage;
pub use search_index::FakeSearchIndex;
pub use store::FakeStore;
pub use table_catalog::FakeTableCatalog;
