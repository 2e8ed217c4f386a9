use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    RestrictedExpression,
};
use policy_benchmarks::Subject;

use crate::{Decision, Request};

/// Policies and entities read beforehand, and what each request repeats built once.
#[derive(Clone)]
pub(crate) struct Cedar(Arc<Prepared>);

struct Prepared {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    user: EntityTypeName,
    action: EntityTypeName,
    resource: EntityUid,
}

impl Cedar {
    pub(crate) fn new() -> Result<Self, String> {
        let policies: Result<PolicySet, _> = include_str!("../policies/rbac.cedar").parse();
        let entities = include_str!("../policies/rbac_entities.json");
        Ok(Self(Arc::new(Prepared {
            authorizer: Authorizer::new(),
            policies: policies.map_err(|error| error.to_string())?,
            entities: Entities::from_json_str(entities, None).map_err(|error| error.to_string())?,
            user: "User".parse().map_err(|_| "a type's name")?,
            action: "Action".parse().map_err(|_| "a type's name")?,
            resource: r#"Application::"api""#.parse().map_err(|_| "a resource")?,
        })))
    }
}

impl Subject for Cedar {
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String> {
        let request: Request = serde_json::from_slice(input).map_err(|error| error.to_string())?;
        let setup = &*self.0;
        let id = |of: &EntityTypeName, name: &str| {
            EntityUid::from_type_name_and_id(of.clone(), EntityId::new(name))
        };
        let path = RestrictedExpression::new_string(request.path.to_owned());
        let context =
            Context::from_pairs([("path".to_owned(), path)]).map_err(|error| error.to_string())?;
        let request = cedar_policy::Request::new(
            id(&setup.user, request.user),
            id(&setup.action, request.method),
            setup.resource.clone(),
            context,
            None,
        )
        .map_err(|error| error.to_string())?;
        let response = setup.authorizer.is_authorized(&request, &setup.policies, &setup.entities);
        Decision::write(response.decision() == cedar_policy::Decision::Allow, output)
    }
}
