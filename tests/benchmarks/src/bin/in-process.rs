//! This project's policies as subjects, and the floor: `in-process ours|floor POLICY CASES`.

use std::env;
use std::io;
use std::path::Path;
use std::sync::Arc;

use http_authz::HttpAuthz;
use pod_security::Restricted;
use policy_api::{Context, Evaluate, Policy, Verdict};
use policy_benchmarks::{Cases, Floor, Subject, answer};

/// A policy as the engine holds it: types erased, shared by all threads.
#[derive(Clone)]
struct Ours(Arc<dyn Evaluate>);

impl Ours {
    fn of<P: Policy>(settings: &str) -> io::Result<Self> {
        let policy = P::validate(serde_json::from_str(settings)?)
            .map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self(Arc::new(policy)))
    }
}

impl Subject for Ours {
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String> {
        let verdict = self
            .0
            .evaluate(input, &Context::new("benchmark"), output)
            .map_err(|error| error.to_string())?;
        Ok(verdict == Some(Verdict::Allowed))
    }
}

#[derive(Clone)]
struct ByHand(Arc<Floor>);

impl Subject for ByHand {
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String> {
        self.0.decide(input, output).map_err(|error| error.to_string())
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [engine, policy, cases] = *arguments.as_slice() else {
        return Err(io::Error::other("expected `ours` or `floor`, a policy and a file of cases"));
    };
    let cases = Cases::read(Path::new(cases))?;
    let settings = cases.settings.get();
    match (engine, policy) {
        ("ours", "http-authz") => answer(&cases, &Ours::of::<HttpAuthz>(settings)?),
        ("ours", "pod-security-restricted") => answer(&cases, &Ours::of::<Restricted>(settings)?),
        ("floor", "http-authz") => answer(&cases, &ByHand(Arc::new(Floor::new(settings)?))),
        _ => Err(io::Error::other(format!("`{engine}` has nothing for `{policy}`"))),
    }
}
