use std::fs;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::Browser;
use crate::support::axe;

/// Runs axe with all rules but those that only advise.
const RUN: &str = "const done = arguments[arguments.length - 1]; \
    const colours = {runOnly: {type: 'rule', values: ['color-contrast']}}; \
    const options = {resultTypes: ['violations'], ...(arguments[0] ? colours : {})}; \
    axe.run(document, options).then(found => done(found.violations.map( \
        rule => `${rule.id} (${rule.impact}): ${rule.help}: ` + \
            rule.nodes.map(node => `${node.html} at ${node.target}: ${node.failureSummary}`).join(' | ') \
    )), error => done([String(error)]));";

impl Browser {
    /// What axe finds fault with on the page, or only with its colours.
    pub(super) fn violations(&self, only_colours: bool) -> Vec<String> {
        static AXE: OnceLock<String> = OnceLock::new();
        let axe = AXE.get_or_init(|| fs::read_to_string(axe()).unwrap());
        if self.evaluate("typeof axe") != "object" {
            // Not by the page: its policy allows no script but its own.
            self.driver().devtools("Runtime.evaluate", &json!({"expression": axe}));
        }
        let found =
            self.driver().post("execute/async", json!({"script": RUN, "args": [only_colours]}));
        let text = |found: &Value| found.as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(text).collect()
    }
}
