use std::collections::BTreeMap;

use super::page;
use crate::support::{Folder, Server};

/// One family of metrics.
#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    /// The labels, each with its values where they are the engine's own.
    labels: BTreeMap<String, Vec<String>>,
}

/// Labels whose values the user chooses.
const OPEN: [&str; 7] = ["check", "id", "le", "policy", "shadow", "shadow_version", "version"];

#[test]
fn page_of_the_metrics_has_all_that_a_fresh_server_prints() {
    // Shadows and checks have figures where there are some.
    let yaml = "policies: {echo: {shadow: stress}, pod-security-baseline: {}}";
    let server = Server::with_config(&Folder::new(), yaml, &[]);
    let mut families = BTreeMap::<String, Family>::new();
    for line in server.get("/metrics").text().lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            families.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            families.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            let ends = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let name = ends.filter(|name| families.contains_key(*name)).unwrap_or(name);
            let labels = labels(line);
            families.get_mut(name).unwrap().add(labels);
        }
    }
    let mut text = page::row(&["name", "type", "labels", "is"]);
    text += &page::row(&["---", "---", "---", "---"]);
    for (name, family) in families {
        let labels: Vec<_> =
            family.labels.iter().map(|(label, values)| shown(label, values)).collect();
        text += &page::row(&[&format!("`{name}`"), &family.kind, &labels.join("; "), &family.help]);
    }
    page::holds("reference/metrics.md", &text);
}

impl Family {
    fn add(&mut self, labels: Vec<(String, String)>) {
        for (label, value) in labels.into_iter().filter(|(label, _)| label != "le") {
            let values = self.labels.entry(label).or_default();
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
}

/// The labels of a line, none of whose values has a quote in it.
fn labels(line: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = line.split_once('{') else { return Vec::new() };
    let (inside, _) = rest.rsplit_once('}').unwrap();
    let pairs = inside.split("\",").map(|pair| pair.trim_end_matches('"').split_once("=\""));
    pairs.map(Option::unwrap).map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
}

fn shown(label: &str, values: &[String]) -> String {
    if OPEN.contains(&label) {
        return format!("`{label}`");
    }
    let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    format!("`{label}`: {}", values.join(", "))
}
