//! Suites of cases, by `policy-engine test`: from its start to its end.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::setup::Setup;
use crate::{programs, tools};

/// The cases of the suite.
const CASES: usize = 1000;

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let program = programs::engine(setup, None)?;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("pods.suite.yaml"), suite())?;
    let mut times = Vec::new();
    for _ in 0..setup.of(25, 1) {
        let mut command = Command::new(&program);
        command.arg("test").current_dir(folder.path());
        let start = Instant::now();
        let printed = tools::output(&mut command)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let passed = printed.matches(r#""result":"passed""#).count();
        if passed != CASES {
            return Err(io::Error::other(format!("{passed} of {CASES} cases passed")));
        }
    }
    let what = "1,000 cases of a suite, from the program's start to its end";
    Ok(vec![Row::alone(what, median(&times), "ms", Goal::AtMost(100.0))])
}

/// Pods as they are written by hand, as objects of reviews, half of them denied.
fn suite() -> String {
    let mut suite = "policy: pod-security-baseline\ncases:\n".to_owned();
    for number in 0..CASES {
        let (privileged, expect) = match number % 2 {
            0 => ("false", "allowed"),
            _ => ("true", "{verdict: denied, checks: [privileged]}"),
        };
        let _ = write!(
            suite,
            "- name: pod {number}
  object:
    apiVersion: v1
    kind: Pod
    metadata:
      name: pod-{number}
      labels: {{app: web, team: payments}}
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.{number}
        ports:
        - containerPort: 8080
        resources:
          limits: {{cpu: 100m, memory: 64Mi}}
        securityContext:
          privileged: {privileged}
          capabilities:
            drop: [ALL]
  expect: {expect}
"
        );
    }
    suite
}
