//! An engine whose policies do what policies should not, beside one that does as it should, for the
//! tests of `serve`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use policy_api::{Context, Error, KubernetesResources, NoSettings, Policy};
use policy_engine::v0_1::{LinkedCrate, Program};
use serde::Deserialize;
use serde_json::{Value, json};

/// Answers with its input.
struct Echo;

/// Does what its input says.
struct Stress {
    refuse: bool,
    token: String,
    pin: String,
}

/// A [`Stress`] that runs on blocking threads.
struct Blocking(Stress);

/// A [`Stress`] for admission reviews. The task is the object's `spec`, or an answer with the text
/// of its annotation `stress.example.com/output`.
struct Admission(Stress);

/// A task to do before answering, and the answer.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Task {
    /// Computes without checking the context.
    Spin {
        ms: u64,
    },
    /// Sleeps without checking the context.
    Sleep {
        ms: u64,
    },
    /// Computes until the context is cancelled or its deadline passes.
    Look,
    /// Allocates so many bytes and frees them, time and again, looking at the context meanwhile or
    /// not.
    Allocate {
        bytes: usize,
        times: u64,
        look: bool,
    },
    Panic,
    Fail,
    /// An answer of this text.
    Answer {
        output: Value,
    },
    /// An answer with this many bytes in it.
    Large {
        bytes: usize,
    },
    /// An answer with the request's id.
    Context,
    /// An answer with the time left, which is another one each time.
    Remaining,
    /// A denial whose reason tells the secrets of the settings.
    Tell,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StressSettings {
    /// True if these settings are refused.
    #[serde(default)]
    refuse: bool,
    /// True if their validation panics.
    #[serde(default)]
    panic: bool,
    /// True if their validation does not end.
    #[serde(default)]
    hang: bool,
    /// A secret.
    #[serde(default)]
    token: String,
    /// A secret that nothing but the schema tells.
    #[serde(default)]
    pin: String,
}

/// The relevant fields of an `AdmissionReview`.
#[derive(Deserialize)]
struct Review {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: Metadata,
    spec: Option<Task>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Policy for Echo {
    type Settings = NoSettings;
    type Input<'a> = Value;
    type Output<'a> = Value;

    fn validate(_: NoSettings) -> Result<Self, Error> {
        Ok(Self)
    }

    fn execute<'a>(&'a self, input: Value, _: &Context<'a>) -> Result<Value, Error> {
        Ok(input)
    }
}

impl Policy for Stress {
    type Settings = StressSettings;
    type Input<'a> = Task;
    type Output<'a> = Value;

    fn settings_schema() -> Option<Value> {
        Some(json!({
            "type": "object",
            "properties": {
                "refuse": {"type": "boolean", "default": false},
                "panic": {"type": "boolean", "default": false},
                "token": {"type": "string"},
                "pin": {"type": "string", "writeOnly": true},
            },
        }))
    }

    fn input_schema() -> Option<Value> {
        Some(json!({
            "type": "object",
            "required": ["do"],
            "properties": {"do": {"enum": ["context", "fail"]}},
        }))
    }

    fn validate(settings: StressSettings) -> Result<Self, Error> {
        assert!(!settings.panic, "asked to panic over the settings");
        if settings.hang {
            std::thread::sleep(Duration::from_hours(1));
        }
        if settings.refuse {
            return Err(Error::msg("`refuse` is set: leave it out"));
        }
        Ok(Self { refuse: settings.refuse, token: settings.token, pin: settings.pin })
    }

    #[expect(clippy::panic, reason = "it is what is asked for")]
    fn execute<'a>(&'a self, task: Task, context: &Context<'a>) -> Result<Value, Error> {
        match task {
            Task::Spin { ms } => {
                let end = Instant::now() + Duration::from_millis(ms);
                while Instant::now() < end {
                    black_box(self.refuse);
                }
            }
            Task::Sleep { ms } => std::thread::sleep(Duration::from_millis(ms)),
            Task::Look => loop {
                context.check()?;
                std::thread::sleep(Duration::from_millis(1));
            },
            Task::Allocate { bytes, times, look } => {
                for _ in 0..times {
                    drop(black_box(vec![0_u8; bytes]));
                    if look {
                        context.check()?;
                    }
                }
            }
            Task::Panic => panic!("asked to panic"),
            Task::Fail => return Err(Error::msg("asked to fail")),
            Task::Answer { output } => return Ok(output),
            Task::Large { bytes } => {
                return Ok(json!({"allowed": true, "filling": "x".repeat(bytes)}));
            }
            Task::Context => {
                return Ok(json!({"requestId": context.request_id()}));
            }
            Task::Remaining => {
                let left = context.remaining().map(|left| left.as_millis());
                return Ok(json!({"remainingMs": left}));
            }
            Task::Tell => {
                let reason = format!("the token is `{}`, the pin `{}`", self.token, self.pin);
                return Ok(json!({"allowed": false, "reason": reason}));
            }
        }
        Ok(json!({"allowed": true}))
    }
}

impl Policy for Blocking {
    type Settings = StressSettings;
    type Input<'a> = Task;
    type Output<'a> = Value;

    const BLOCKING: bool = true;

    fn validate(settings: StressSettings) -> Result<Self, Error> {
        Stress::validate(settings).map(Self)
    }

    fn execute<'a>(&'a self, task: Task, context: &Context<'a>) -> Result<Value, Error> {
        self.0.execute(task, context)
    }
}

impl Policy for Admission {
    type Settings = StressSettings;
    type Input<'a> = Review;
    type Output<'a> = Value;

    const KUBERNETES_RESOURCES: KubernetesResources = &[("stress.example.com/v1", &["tasks"])];

    fn validate(settings: StressSettings) -> Result<Self, Error> {
        Stress::validate(settings).map(Self)
    }

    fn execute<'a>(&'a self, review: Review, context: &Context<'a>) -> Result<Value, Error> {
        let Object { metadata, spec } = review.request.object;
        if let Some(output) = metadata.annotations.get("stress.example.com/output") {
            return serde_json::from_str(output).map_err(Error::msg);
        }
        let task = spec.ok_or_else(|| Error::msg("the object says not what to do"))?;
        self.0.execute(task, context)
    }
}

policy_api::register!(
    Echo { name: "echo", version: "1.2.0" },
    Stress { name: "stress" },
    Blocking { name: "stress-blocking" },
    Admission { name: "stress-admission" },
);

static PROGRAM: Program = Program {
    target: "the one of the tests",
    revision: None,
    crates: &[
        LinkedCrate {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            policies: &registered_for_policy_api_0_1::POLICIES,
            grants: &[],
        },
        LinkedCrate {
            name: "pod-security",
            version: env!("CARGO_PKG_VERSION"),
            policies: &pod_security::registered_for_policy_api_0_1::POLICIES,
            grants: &[],
        },
    ],
};

fn main() -> ExitCode {
    policy_engine::v0_1::main(&PROGRAM)
}
