//! What the console knows beside the state of the server: what policies decided in the last minutes,
//! reloads, listeners and certificates, and the places of trials.

mod certificates;
mod console;
mod listeners;
mod page_places;
mod rates;
mod reloads;
mod timestamp;
mod trial_places;

pub(crate) use console::{Console, INTERVAL};
pub(crate) use timestamp::timestamp;
pub(crate) use trial_places::TrialPlace;
