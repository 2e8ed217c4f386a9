use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

/// The time that the author's code may take to make a schema.
const TIME: Duration = Duration::from_secs(2);

/// The schemas of a policy, once they have been asked for.
#[derive(Debug, Default)]
pub(super) struct MadeSchemas {
    pub(super) input: MadeSchema,
    pub(super) settings: MadeSchema,
}

/// A schema that is made once, on a thread that reads no requests: code that does not end holds that
/// one thread.
#[derive(Debug, Default)]
pub(super) struct MadeSchema(OnceLock<Making>);

#[derive(Debug)]
struct Making {
    deadline: Instant,
    made: watch::Receiver<Option<Made>>,
}

/// What the author's code made: no schema, where the policy has none.
pub(super) type Made = Result<Option<Value>, NoSchema>;

/// The error of a schema that the author's code did not make: it panicked, was refused something, or
/// did not end in time.
#[derive(Debug, Clone)]
pub(crate) struct NoSchema;

impl MadeSchema {
    /// The schema, which `author` makes unless it was made before.
    pub(super) async fn get_or_make(&self, author: impl FnOnce() -> Made + Send + 'static) -> Made {
        let Making { deadline, made } = self.0.get_or_init(|| {
            let (sender, made) = watch::channel(None);
            spawn_blocking(move || sender.send(Some(author())));
            Making { deadline: Instant::now() + TIME, made }
        });
        let mut made = made.clone();
        match timeout_at(*deadline, made.wait_for(Option::is_some)).await {
            Ok(Ok(made)) => made.clone().unwrap_or(Err(NoSchema)),
            Ok(Err(_)) | Err(_) => Err(NoSchema),
        }
    }
}
