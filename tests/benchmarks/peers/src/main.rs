//! Other engines as subjects: `peers casbin|cedar|regorus RULES CASES`.

mod casbin;
mod cedar;
mod rego;

use std::env;
use std::path::Path;

use policy_benchmarks::{Cases, answer};
use serde::{Deserialize, Serialize};

/// The request, as an application decodes it for its engine.
#[derive(Deserialize)]
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    user: &'a str,
}

/// The decision, as an application answers it.
#[derive(Serialize)]
struct Decision {
    allowed: bool,
}

impl Decision {
    fn write(allowed: bool, output: &mut Vec<u8>) -> Result<bool, String> {
        serde_json::to_writer(output, &Self { allowed }).map_err(|error| error.to_string())?;
        Ok(allowed)
    }
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [engine, rules, cases] = arguments[..] else {
        return Err("expected `casbin`, `cedar` or `regorus`, then `http-authz` or \
                    `pod-security-restricted`, then a file of cases"
            .to_owned());
    };
    let cases = Cases::read(Path::new(cases)).map_err(|error| error.to_string())?;
    match (engine, rules) {
        ("casbin", "http-authz") => answer(&cases, &casbin::Casbin::new()?),
        ("cedar", "http-authz") => answer(&cases, &cedar::Cedar::new()?),
        ("regorus", "http-authz") => answer(&cases, &rego::Regorus::rbac(cases.settings.get())?),
        ("regorus", "pod-security-restricted") => answer(&cases, &rego::Regorus::pod_security()?),
        _ => return Err(format!("`{engine}` has no rules for `{rules}`")),
    }
    .map_err(|error| error.to_string())
}
