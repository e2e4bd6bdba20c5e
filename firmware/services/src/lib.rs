//! What can be asked of the kiosk, as data: the catalogue of services, its
//! checker, which services are open now, and the dated legal numbers. Adding a
//! service is adding a file; no number of any law stands in code.

pub mod account;
pub mod catalogue;
pub mod open;
pub mod rules;

pub use account::{AccountState, CodeChannel};
pub use catalogue::{Catalogue, CatalogueError, IdentityPath, Service, ServiceId, StepKind};
pub use open::closed_by;
pub use rules::{Rules, RulesError, RulesOfDay};
