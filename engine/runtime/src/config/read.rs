//! From the tree to the configuration.

use std::collections::HashMap;
use std::time::Duration;

use super::report::{Read, Report, Told};
use super::section::{Element, List, Section};
use super::{
    Address, Config, DefaultDecision, Limits, Policies, Shutdown, Tls, decision_log, policies,
    values,
};
use crate::documents::located::{ConfigError, Node, Origin};

/// The configuration, if it is as it must be; and the policies that could be read, even if not.
pub(super) fn config(root: Node, report: &mut Report) -> (Read<Config>, Policies) {
    let mut root = match Section::of(String::new(), root, report) {
        Ok(root) => root,
        Err(told) => return (Err(told), Policies::none()),
    };
    // Everything is read before anything is given up, so that every mistake is found.
    let listen = root.list("listen", &["127.0.0.1:8181"], values::address, report);
    let diagnostic = root.list("diagnostic-listen", &[], values::address, report);
    let unix_socket_mode = root.value("unix-socket-mode", "0600", values::permissions, report);
    let tls = tls(&mut root, report);
    let tokens = root.optional("tokens", values::path, report);
    let limits = root.section("limits", report).and_then(|it| limits(it, report));
    let defaults = policies::Defaults::read(&mut root, report);
    let shutdown = root.section("shutdown", report).and_then(|it| shutdown(it, report));
    let origin = root.origin_of("default-decision").unwrap_or(Origin::Default);
    let default_decision = root
        .optional("default-decision", values::decision, report)
        .map(|path| path.map(|path| DefaultDecision { path, origin }));
    let skip_invalid = root.value("skip-invalid", "false", values::switch, report);
    let log = root.optional_section("decision-log", report);
    let log = log.and_then(|it| it.map(|it| decision_log::read(it, report)).transpose());
    let policies = policies::read(&mut root, defaults, report);
    root.finish(report);

    let listening = match (listen, diagnostic, &tls) {
        (Ok(listen), Ok(diagnostic), Ok(tls)) => {
            listening(listen, diagnostic, tls.as_ref(), report)
        }
        _ => Err(Told),
    };
    let config = || {
        let (listen, diagnostic_listen) = listening?;
        Ok(Config {
            listen,
            diagnostic_listen,
            unix_socket_mode: unix_socket_mode?,
            tls: tls?.map(|(tls, _)| tls),
            tokens: tokens?,
            limits: limits?,
            shutdown: shutdown?,
            policies: policies.clone(),
            default_decision: default_decision?,
            skip_invalid: skip_invalid?,
            decision_log: log?,
        })
    };
    (config(), policies)
}

/// With its place, for what it must be together with the addresses.
fn tls(root: &mut Section, report: &mut Report) -> Read<Option<(Tls, Origin)>> {
    let Some(mut section) = root.optional_section("tls", report)? else { return Ok(None) };
    let origin = section.origin.clone();
    let certificate = section.required("certificate", values::path, report);
    let key = section.required("key", values::path, report);
    let client_ca = section.optional("client-ca", values::path, report);
    section.finish(report);
    Ok(Some((Tls { certificate: certificate?, key: key?, client_ca: client_ca? }, origin)))
}

fn limits(mut section: Section, report: &mut Report) -> Read<Limits> {
    let origin = section.origin.clone();
    let connections = section.value("connections", "10000", values::count, report);
    let in_flight = section.value("in-flight", "256", values::count, report);
    let queue = section.value("queue", "1024", values::count_or_none, report);
    let queue_time = section.value("queue-time", "1s", values::duration, report);
    let body = section.value("body", "8MiB", values::bytes, report);
    let bodies = section.value("bodies", "256MiB", values::bytes, report);
    let mut time = |key, default| section.value(key, default, values::duration, report);
    let header_time: Read<Duration> = time("header-time", "10s");
    let body_time = time("body-time", "30s");
    let idle_time = time("idle-time", "2m");
    section.finish(report);
    if let (Ok(body), Ok(bodies)) = (&body, &bodies)
        && bodies < body
    {
        report.told(ConfigError::at(
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
        header_time: header_time?,
        body_time: body_time?,
        idle_time: idle_time?,
    })
}

fn shutdown(mut section: Section, report: &mut Report) -> Read<Shutdown> {
    let wait = section.value("wait", "0s", values::any_duration, report);
    let grace = section.value("grace", "10s", values::any_duration, report);
    section.finish(report);
    Ok(Shutdown { wait: wait?, grace: grace? })
}

/// What the addresses must be together, and with TLS.
fn listening(
    listen: List<Address>,
    diagnostic: List<Address>,
    tls: Option<&(Tls, Origin)>,
    report: &mut Report,
) -> Read<(Vec<Address>, Vec<Address>)> {
    let before = report.mistakes.len();
    if listen.elements.is_empty() {
        report.told(ConfigError::at(
            &listen.origin,
            "`listen` has no address: expected at least one",
        ));
    }
    let all: Vec<_> = listen.elements.iter().chain(&diagnostic.elements).collect();
    let mut taken = HashMap::new();
    for Element { path, node, value } in &all {
        let text = node.as_text().unwrap_or_default();
        if matches!(value, Address::Https(_)) && tls.is_none() {
            report.told(ConfigError::at(
                &node.at,
                format_args!(
                    "`{path}` is `{text}`, which needs `tls`: set its `certificate` and `key`"
                ),
            ));
        }
        let earlier = value.place().and_then(|place| taken.insert(place, path));
        if let Some(earlier) = earlier {
            report.told(ConfigError::at(
                &node.at,
                format_args!("`{path}` is `{text}`, where `{earlier}` listens already"),
            ));
        }
    }
    if let Some((_, origin)) = tls
        && !all.iter().any(|element| matches!(element.value, Address::Https(_)))
    {
        report.told(ConfigError::at(
            origin,
            "`tls` is set, but no address of `listen` begins with `https://`: make one so, or \
             leave `tls` out",
        ));
    }
    if report.mistakes.len() > before {
        return Err(Told);
    }
    let values = |list: List<Address>| list.elements.into_iter().map(|it| it.value).collect();
    Ok((values(listen), values(diagnostic)))
}
