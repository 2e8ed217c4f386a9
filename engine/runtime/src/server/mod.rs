//! Decisions over HTTP.

mod app;
mod auth;
mod body;
mod build;
mod deployment;
mod diagnostics;
mod gate;
mod kubernetes;
mod listen;
mod monitor;
mod notify;
mod opa;
mod query;
mod recorder;
mod reload;
mod response;
mod room;
mod route;
mod run;
mod served;
mod signals;
mod trace;

pub(crate) use run::{ServeError, run};
