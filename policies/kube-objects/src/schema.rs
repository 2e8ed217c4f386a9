use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::kind::WORKLOADS;
use crate::{Object, ObjectMeta, Pod, PodSpec};

/// The schema of objects, whose shape depends on their kind.
impl JsonSchema for Object<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Object".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let metadata = generator.subschema_for::<Option<ObjectMeta<'_>>>();
        let pod = generator.subschema_for::<Option<Pod<'_>>>();
        let pod_spec = generator.subschema_for::<Option<PodSpec<'_>>>();
        let object = generator.subschema_for::<Self>();
        let workload_spec = json_schema!({"properties": {"template": pod}});
        let job = json_schema!({"properties": {"spec": workload_spec}});
        let cron_job = json_schema!({"spec": {"properties": {"jobTemplate": job}}});
        json_schema!({
            "description": "A Kubernetes object; it is judged by the pods that it holds.",
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "minLength": 1}},
            "allOf": [
                if_kind(&["Pod"], &json_schema!({"metadata": metadata, "spec": pod_spec})),
                if_kind(&["PodTemplate"], &json_schema!({"template": pod})),
                if_kind(&WORKLOADS, &json_schema!({"spec": workload_spec})),
                if_kind(&["CronJob"], &cron_job),
                if_kind(&["List"], &json_schema!({"items": {"type": ["array", "null"], "items": object}})),
                if_kind(&["AdmissionReview"], &json_schema!({"request": {
                    "type": "object",
                    "properties": {
                        "operation": {"type": ["string", "null"]},
                        "subResource": {"type": ["string", "null"]},
                        "object": {"anyOf": [{"type": "null"}, object]},
                        "oldObject": {"anyOf": [{"type": "null"}, object]},
                    },
                }})),
            ],
        })
    }
}

fn if_kind(kinds: &[&str], properties: &Schema) -> Schema {
    json_schema!({
        "if": {"properties": {"kind": {"enum": kinds}}},
        "then": {"properties": properties},
    })
}
