use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use policy_benchmarks::Subject;

use crate::{Decision, Request};

/// An enforcer with the model that casbin's documentation gives for roles and paths.
#[derive(Clone)]
pub(crate) struct Casbin(Arc<Enforcer>);

impl Casbin {
    pub(crate) fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let model = DefaultModel::from_str(include_str!("../policies/rbac_model.conf")).await;
            let policy = StringAdapter::new(include_str!("../policies/rbac_policy.csv"));
            let enforcer = Enforcer::new(model.map_err(|error| error.to_string())?, policy).await;
            Ok(Self(Arc::new(enforcer.map_err(|error| error.to_string())?)))
        })
    }
}

impl Subject for Casbin {
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String> {
        let request: Request = serde_json::from_slice(input).map_err(|error| error.to_string())?;
        let allowed = self
            .0
            .enforce((request.user, request.path, request.method))
            .map_err(|error| error.to_string())?;
        Decision::write(allowed, output)
    }
}
