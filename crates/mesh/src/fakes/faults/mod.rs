//! Faults on purpose: a script says what happens at which call to the outside, counted over everything that shares it.
//!
//! [`Script::on`] puts a script before a fake (or an adapter). A call can fail or be the process's last one, before it has any effect
//! or after it took effect and before its answer arrives; and tasks can be made to take turns, call by call ([`interleave`]).

mod faulty;
mod interleaving;
mod script;

pub use faulty::Faulty;
pub use interleaving::{Schedule, Task, interleave};
pub use script::{Fault, Moment, Script};
