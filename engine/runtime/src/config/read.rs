//! The reader of the configuration, from the tree of its values.

use std::collections::HashMap;

use super::console::Console;
use super::report::{ErrorReported, Read, Report};
use super::section::{Element, List, Section};
use super::{
    Address, Config, DefaultDecision, Limits, PolicySelection, Shutdown, Tls, console,
    decision_log, policies, schema, tls,
};
use crate::documents::located::{ConfigError, Node, Origin};

/// The configuration, if it is as it must be; and the policies that could be read, even if not.
pub(super) fn config(root: Node, report: &mut Report) -> (Read<Config>, PolicySelection) {
    let mut root = match Section::new(String::new(), root, report) {
        Ok(root) => root,
        Err(reported) => return (Err(reported), PolicySelection::none()),
    };
    // Everything is read before anything is given up, so that every mistake is found.
    let listen = root.list(&schema::LISTEN, report);
    let diagnostic = root.list(&schema::DIAGNOSTIC_LISTEN, report);
    let unix_socket_mode = root.value(&schema::UNIX_SOCKET_MODE, report);
    let certificates = tls::read(tls::IS_BUILT_IN, &mut root, report);
    let tokens = root.optional(&schema::TOKENS, report);
    let limits = root.section("limits", report).and_then(|section| limits(section, report));
    let defaults = policies::Defaults::read(&mut root, report);
    let shutdown = root.section("shutdown", report).and_then(|section| shutdown(section, report));
    let origin = root.origin_of(schema::DEFAULT_DECISION.path).unwrap_or(Origin::Default);
    let default_decision = root
        .optional(&schema::DEFAULT_DECISION, report)
        .map(|path| path.map(|path| DefaultDecision { path, origin }));
    let skip_invalid = root.value(&schema::SKIP_INVALID, report);
    let confinement = root.value(&schema::CONFINEMENT, report);
    let log = root.optional_section(schema::DECISION_LOG, report);
    let log = log
        .and_then(|section| section.map(|section| decision_log::read(section, report)).transpose());
    let console = root.optional_section(schema::CONSOLE, report);
    let console = console
        .and_then(|section| section.map(|section| console::read(section, report)).transpose());
    let policy_defaults =
        defaults.as_ref().map(policies::Defaults::values).map_err(|_| ErrorReported);
    let policies = policies::read(&mut root, defaults, report);
    root.finish(report);

    let listening = match (listen, diagnostic, &console, &certificates) {
        (Ok(listen), Ok(diagnostic), Ok(console), Ok(certificates)) => {
            let console = console.as_ref().map(|console| &console.address);
            listening(listen, diagnostic, console, certificates.as_ref(), report)
        }
        _ => Err(ErrorReported),
    };
    if let (Ok(Some(console)), Ok(certificates), Ok(tokens)) = (&console, &certificates, &tokens) {
        let tls = certificates.as_ref().map(|(tls, _)| tls);
        console.check_access(tls, tokens.is_some(), report);
    }
    let config = || {
        let (listen, diagnostic_listen) = listening?;
        Ok(Config {
            listen,
            diagnostic_listen,
            unix_socket_mode: unix_socket_mode?,
            tls: certificates?.map(|(tls, _)| tls),
            tokens: tokens?,
            limits: limits?,
            shutdown: shutdown?,
            policies: policies.clone(),
            policy_defaults: policy_defaults?,
            default_decision: default_decision?,
            skip_invalid: skip_invalid?,
            decision_log: log?,
            console: console?.map(Console::into_config),
            confinement: confinement?,
        })
    };
    (config(), policies)
}

fn limits(mut section: Section, report: &mut Report) -> Read<Limits> {
    let origin = section.origin.clone();
    let connections = section.value(&schema::CONNECTIONS, report);
    let in_flight = section.value(&schema::IN_FLIGHT, report);
    let queue = section.value(&schema::QUEUE, report);
    let queue_time = section.value(&schema::QUEUE_TIME, report);
    let body = section.value(&schema::BODY, report);
    let bodies = section.value(&schema::BODIES, report);
    let shadows = section.value(&schema::SHADOWS, report);
    let header_time = section.value(&schema::HEADER_TIME, report);
    let body_time = section.value(&schema::BODY_TIME, report);
    let idle_time = section.value(&schema::IDLE_TIME, report);
    section.finish(report);
    if let (Ok(body), Ok(bodies)) = (&body, &bodies)
        && bodies < body
    {
        report.error(ConfigError::at(
            &origin,
            "`limits.bodies` is less than `limits.body`: expected room for one body at least",
        ));
    }
    Ok(Limits {
        connections: connections?,
        in_flight: in_flight?,
        queue: queue?,
        queue_time: queue_time?,
        body: body?,
        bodies: bodies?,
        shadows: shadows?,
        header_time: header_time?,
        body_time: body_time?,
        idle_time: idle_time?,
    })
}

fn shutdown(mut section: Section, report: &mut Report) -> Read<Shutdown> {
    let wait = section.value(&schema::SHUTDOWN_WAIT, report);
    let grace = section.value(&schema::SHUTDOWN_GRACE, report);
    section.finish(report);
    Ok(Shutdown { wait: wait?, grace: grace? })
}

/// Checks the addresses against one another and against TLS.
fn listening(
    listen: List<Address>,
    diagnostic: List<Address>,
    console: Option<&Element<Address>>,
    certificates: Option<&(Tls, Origin)>,
    report: &mut Report,
) -> Read<(Vec<Address>, Vec<Address>)> {
    let before = report.errors.len();
    if listen.elements.is_empty() {
        report.error(ConfigError::at(
            &listen.origin,
            "`listen` has no address: expected at least one",
        ));
    }
    // The console may be where diagnostics are.
    let is_shared = |element: &&Element<Address>| {
        !diagnostic.elements.iter().any(|other| other.value == element.value)
    };
    let console = console.filter(is_shared);
    let all: Vec<_> = listen.elements.iter().chain(&diagnostic.elements).chain(console).collect();
    let mut taken = HashMap::new();
    for Element { path, node, value } in &all {
        let text = node.as_text().unwrap_or_default();
        let can_do = tls::check_url(tls::IS_BUILT_IN, path, text, &node.at, report).is_ok();
        if can_do && matches!(value, Address::Https(_)) && certificates.is_none() {
            report.error(ConfigError::at(
                &node.at,
                format_args!(
                    "`{path}` is `{text}`, which needs `tls`: set its `certificate` and `key`"
                ),
            ));
        }
        let earlier = value.place().and_then(|place| taken.insert(place, path));
        if let Some(earlier) = earlier {
            report.error(ConfigError::at(
                &node.at,
                format_args!("`{path}` is `{text}`, where `{earlier}` listens already"),
            ));
        }
    }
    if let Some((_, origin)) = certificates
        && !all.iter().any(|element| matches!(element.value, Address::Https(_)))
    {
        report.error(ConfigError::at(
            origin,
            "`tls` is set, but no address of `listen` begins with `https://`: make one so, or \
             leave `tls` out",
        ));
    }
    if report.errors.len() > before {
        return Err(ErrorReported);
    }
    let values =
        |list: List<Address>| list.elements.into_iter().map(|element| element.value).collect();
    Ok((values(listen), values(diagnostic)))
}
