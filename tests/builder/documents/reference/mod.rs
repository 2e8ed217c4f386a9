//! Pages of reference that the programs write themselves: each is as they say today.

/// `policy-engine serve`'s settings.
mod configuration;
/// The fields of decision events.
mod decision_events;
/// The exit statuses of both programs.
mod exit_statuses;
/// The paths of the server, from its description in `openapi.json`.
mod http_api;
/// What `/metrics` prints.
mod metrics;
/// Pages, and the part of them that is generated.
mod page;
/// The commands and options of both programs.
mod programs;
/// The schema of suites.
mod suites;
