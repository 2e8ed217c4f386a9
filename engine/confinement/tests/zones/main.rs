//! Zones, by calls that are really made. Filters and Landlock confine threads, so each test does so to
//! threads of its own; what ends the process is tried in a child.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says where")]

mod ends;
mod grants;
mod refused;
mod rest;
mod serves;
mod silent;
mod support;
