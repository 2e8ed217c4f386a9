use policy_benchmarks::Subject;
use regorus::{Engine, Value};

use crate::Decision;

/// An engine with its policy and data, to which each input is given in turn.
#[derive(Clone)]
pub(crate) struct Regorus {
    engine: Engine,
    rule: &'static str,
}

impl Regorus {
    pub(crate) fn rbac(settings: &str) -> Result<Self, String> {
        let mut regorus = Self::from_policy(
            "data.rbac.allow",
            "rbac.rego",
            include_str!("../policies/rbac.rego"),
        )?;
        let data = Value::from_json_str(settings).map_err(|error| error.to_string())?;
        regorus.engine.add_data(data).map_err(|error| error.to_string())?;
        Ok(regorus)
    }

    pub(crate) fn pod_security() -> Result<Self, String> {
        let policy = include_str!("../policies/pod_security_restricted.rego");
        Self::from_policy("data.pod_security.allow", "pod_security_restricted.rego", policy)
    }

    fn from_policy(rule: &'static str, file: &str, policy: &str) -> Result<Self, String> {
        let mut engine = Engine::new();
        engine.add_policy(file.to_owned(), policy.to_owned()).map_err(|error| error.to_string())?;
        Ok(Self { engine, rule })
    }
}

impl Subject for Regorus {
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String> {
        let text = std::str::from_utf8(input).map_err(|error| error.to_string())?;
        self.engine.set_input(Value::from_json_str(text).map_err(|error| error.to_string())?);
        let value =
            self.engine.eval_rule(self.rule.to_owned()).map_err(|error| error.to_string())?;
        Decision::write(value == Value::from(true), output)
    }
}
