use std::collections::BTreeMap;

use super::report::{Read, Report, Told};
use super::section::Section;
use super::values::{self, To};
use super::{Collector, DecisionLog, Destination};
use crate::documents::located::{ConfigError, Entry};

/// What counts for collectors only.
const OF_COLLECTORS: [&str; 6] = ["token", "ca", "upload", "delay", "timeout", "max-retry-delay"];

/// Labels that the engine sets itself.
const OWN_LABELS: [&str; 2] = ["id", "version"];

pub(super) fn read(mut section: Section, report: &mut Report) -> Read<DecisionLog> {
    let to = section.required("to", values::destination, report);
    let labels = labels(&mut section, report);
    let erase = section.list("erase", &[], values::pointer, report);
    let mask = mask(&mut section, report);
    let buffer = section.value("buffer", "64MiB", values::bytes, report);
    let when_full = section.value("when-full", "drop", values::when_full, report);
    let to = match to {
        Ok(To::Stdout) => nothing_of_collectors(&mut section, report).map(|()| Destination::Stdout),
        Ok(To::File(path)) => {
            nothing_of_collectors(&mut section, report).map(|()| Destination::File(path))
        }
        Ok(To::Collector(url)) => collector(&mut section, url, report).map(Destination::Collector),
        Err(told) => collector(&mut section, String::new(), report).and(Err(told)),
    };
    section.finish(report);
    Ok(DecisionLog {
        to: to?,
        labels: labels?,
        erase: erase?.elements.into_iter().map(|element| element.value).collect(),
        mask: mask?,
        buffer: buffer?,
        when_full: when_full?,
    })
}

fn collector(section: &mut Section, url: String, report: &mut Report) -> Read<Collector> {
    let token = section.optional("token", values::path, report);
    let ca = section.optional("ca", values::path, report);
    let upload = section.value("upload", "1MiB", values::bytes, report);
    let delay = section.value("delay", "1s", values::any_duration, report);
    let timeout = section.value("timeout", "10s", values::duration, report);
    let max_retry_delay = section.value("max-retry-delay", "30s", values::duration, report);
    Ok(Collector {
        url,
        token: token?,
        ca: ca?,
        upload: upload?,
        delay: delay?,
        timeout: timeout?,
        max_retry_delay: max_retry_delay?,
    })
}

fn nothing_of_collectors(section: &mut Section, report: &mut Report) -> Read<()> {
    let mut result = Ok(());
    for key in OF_COLLECTORS {
        let path = section.path_of(key);
        if let Some(node) = section.take(key) {
            result = Err(report.told(ConfigError::at(
                &node.at,
                format_args!(
                    "`{path}` is for collectors only: leave it out, or make `{}` the URL of one",
                    section.path_of("to")
                ),
            )));
        }
    }
    result
}

fn labels(section: &mut Section, report: &mut Report) -> Read<BTreeMap<String, String>> {
    let path = section.path_of("labels");
    let entries = section.map("labels", report)?;
    let labels: Vec<_> = entries
        .into_iter()
        .map(|Entry { key, at, value }| {
            let path = format!("{path}.{key}");
            if OWN_LABELS.contains(&key.as_str()) {
                let message = format!("`{path}` is what the engine sets itself: leave it out");
                return Err(report.told(ConfigError::at(&at, message)));
            }
            let label = report.scalar(&path, &value, |text| Ok(text.to_owned()))?;
            report.show(path, &value);
            Ok((key, label))
        })
        .collect();
    labels.into_iter().collect()
}

fn mask(section: &mut Section, report: &mut Report) -> Read<BTreeMap<String, serde_json::Value>> {
    let path = section.path_of("mask");
    let entries = section.map("mask", report)?;
    let masks: Vec<_> = entries
        .into_iter()
        .map(|Entry { key, at, value }| {
            let pointer = values::pointer(&key).map_err(|expected| {
                let message = format!("`{path}` has the key `{key}`: expected {expected}");
                report.told(ConfigError::at(&at, message))
            })?;
            let json = serde_json::from_str(&value.to_json())
                .map_err(|error| report.told(ConfigError::at(&value.at, error)))?;
            report.show(format!("{path}.{key}"), &value);
            Ok((pointer, json))
        })
        .collect::<Vec<Result<_, Told>>>();
    masks.into_iter().collect()
}
