use std::collections::BTreeMap;

use super::report::{ErrorReported, Read, Report};
use super::section::Section;
use super::values::{self, DestinationAddress};
use super::{CollectorConfig, DecisionLogConfig, LogDestination, schema, tls};
use crate::documents::located::{ConfigError, Origin, TableEntry};

/// The settings that are for collectors only.
const COLLECTOR_PATHS: [&str; 6] = [
    schema::COLLECTOR_TOKEN.path,
    schema::COLLECTOR_CA.path,
    schema::COLLECTOR_UPLOAD.setting.path,
    schema::COLLECTOR_DELAY.setting.path,
    schema::COLLECTOR_TIMEOUT.setting.path,
    schema::COLLECTOR_MAX_RETRY_DELAY.setting.path,
];

/// Labels that the engine sets itself.
const OWN_LABELS: [&str; 2] = ["id", "version"];

pub(super) fn read(mut section: Section, report: &mut Report) -> Read<DecisionLogConfig> {
    let to_at = section.origin_of(schema::key(schema::DECISION_LOG_TO.path));
    let to = section.required(&schema::DECISION_LOG_TO, report);
    let labels = labels(&mut section, report);
    let erase = section.list(&schema::DECISION_LOG_ERASE, report);
    let mask = mask(&mut section, report);
    let buffer = section.value(&schema::DECISION_LOG_BUFFER, report);
    let when_full = section.value(&schema::DECISION_LOG_WHEN_FULL, report);
    let to = match to {
        Ok(DestinationAddress::Stdout) => {
            reject_collector_settings(&mut section, report).map(|()| LogDestination::Stdout)
        }
        Ok(DestinationAddress::File(path)) => {
            reject_collector_settings(&mut section, report).map(|()| LogDestination::File(path))
        }
        Ok(DestinationAddress::Collector(url)) => {
            let path = schema::DECISION_LOG_TO.path;
            let at = to_at.unwrap_or(Origin::Default);
            let can_do = tls::check_url(tls::IS_BUILT_IN, path, &url, &at, report);
            let collector = collector(&mut section, url, report);
            can_do.and(collector).map(LogDestination::Collector)
        }
        Err(reported) => collector(&mut section, String::new(), report).and(Err(reported)),
    };
    section.finish(report);
    Ok(DecisionLogConfig {
        to: to?,
        labels: labels?,
        erase: erase?.elements.into_iter().map(|element| element.value).collect(),
        mask: mask?,
        buffer: buffer?,
        when_full: when_full?,
    })
}

fn collector(section: &mut Section, url: String, report: &mut Report) -> Read<CollectorConfig> {
    let token = section.optional(&schema::COLLECTOR_TOKEN, report);
    let ca = section.optional(&schema::COLLECTOR_CA, report);
    let upload = section.value(&schema::COLLECTOR_UPLOAD, report);
    let delay = section.value(&schema::COLLECTOR_DELAY, report);
    let timeout = section.value(&schema::COLLECTOR_TIMEOUT, report);
    let max_retry_delay = section.value(&schema::COLLECTOR_MAX_RETRY_DELAY, report);
    Ok(CollectorConfig {
        url,
        token: token?,
        ca: ca?,
        upload: upload?,
        delay: delay?,
        timeout: timeout?,
        max_retry_delay: max_retry_delay?,
    })
}

fn reject_collector_settings(section: &mut Section, report: &mut Report) -> Read<()> {
    let mut result = Ok(());
    for path in COLLECTOR_PATHS {
        if let Some(node) = section.take(schema::key(path)) {
            result = Err(report.error(ConfigError::at(
                &node.at,
                format_args!(
                    "`{path}` is for collectors only: leave it out, or make `{}` the URL of one",
                    schema::DECISION_LOG_TO.path
                ),
            )));
        }
    }
    result
}

fn labels(section: &mut Section, report: &mut Report) -> Read<BTreeMap<String, String>> {
    let path = schema::DECISION_LOG_LABELS;
    let entries = section.map(schema::key(path), report)?;
    let labels: Vec<_> = entries
        .into_iter()
        .map(|TableEntry { key, at, value }| {
            let path = format!("{path}.{key}");
            if OWN_LABELS.contains(&key.as_str()) {
                let message = format!("`{path}` is what the engine sets itself: leave it out");
                return Err(report.error(ConfigError::at(&at, message)));
            }
            let label = report.scalar(&path, &value, &values::TEXT)?;
            report.show(path, &value);
            Ok((key, label))
        })
        .collect();
    labels.into_iter().collect()
}

fn mask(section: &mut Section, report: &mut Report) -> Read<BTreeMap<String, serde_json::Value>> {
    let path = schema::DECISION_LOG_MASK;
    let entries = section.map(schema::key(path), report)?;
    let masks: Vec<_> = entries
        .into_iter()
        .map(|TableEntry { key, at, value }| {
            let pointer = values::POINTER.parse(&key).ok_or_else(|| {
                let expected = values::POINTER.format.expected;
                let message = format!("`{path}` has the key `{key}`: expected {expected}");
                report.error(ConfigError::at(&at, message))
            })?;
            let json = serde_json::from_str(&value.to_json())
                .map_err(|error| report.error(ConfigError::at(&value.at, error)))?;
            report.show(format!("{path}.{key}"), &value);
            Ok((pointer, json))
        })
        .collect::<Vec<Result<_, ErrorReported>>>();
    masks.into_iter().collect()
}
