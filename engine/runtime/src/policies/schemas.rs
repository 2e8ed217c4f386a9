use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::{Entry, call_guarded};

/// The time that the author's code may take to make a schema.
const TIME: Duration = Duration::from_secs(2);

/// The schemas of a policy, once they have been asked for.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    input: OnceLock<Schema>,
    settings: OnceLock<Schema>,
}

#[derive(Debug)]
struct Schema {
    deadline: Instant,
    made: watch::Receiver<Option<Made>>,
}

/// What the author's code made: no schema, where the policy has none.
type Made = Result<Option<Value>, NoSchema>;

/// What a schema is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SchemaOf {
    Input,
    Settings,
}

/// The error of a schema that the author's code did not make: it panicked, was refused something, or
/// did not end in time.
#[derive(Debug, Clone)]
pub(crate) struct NoSchema;

/// The schema of a policy, which is made once, on a thread that reads no requests: code that does not
/// end holds that one thread.
///
/// # Errors
/// When the author's code does not make it.
pub(crate) async fn schema(entry: &Entry, of: SchemaOf) -> Made {
    let registration = &entry.registration;
    let (schema, function) = match of {
        SchemaOf::Input => (&entry.schemas.input, registration.input_schema),
        SchemaOf::Settings => (&entry.schemas.settings, registration.settings_schema),
    };
    let begin = || {
        let (sender, made) = watch::channel(None);
        let entry = entry.clone();
        spawn_blocking(move || {
            sender.send(Some(call_guarded(&entry, function).map_err(|_| NoSchema)))
        });
        Schema { deadline: Instant::now() + TIME, made }
    };
    let Schema { deadline, made } = schema.get_or_init(begin);
    let mut made = made.clone();
    match timeout_at(*deadline, made.wait_for(Option::is_some)).await {
        Ok(Ok(made)) => made.clone().unwrap_or(Err(NoSchema)),
        Ok(Err(_)) | Err(_) => Err(NoSchema),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    use serde_json::json;

    use super::*;
    use crate::Registry;
    use crate::testing::registration;

    #[tokio::test]
    async fn schema_is_made_once_and_one_that_does_not_end_is_none() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        let mut registration = registration("echo", "1.0.0");
        registration.input_schema = || {
            MADE.fetch_add(1, Ordering::Relaxed);
            Some(json!(true))
        };
        registration.settings_schema = || {
            MADE.fetch_add(1, Ordering::Relaxed);
            while !IS_OVER.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            None
        };
        let registry = Registry::from_registrations([registration]).unwrap();
        let entry = &registry.entries()[0];
        for _ in 0..3 {
            let input = schema(entry, SchemaOf::Input).await;
            assert_eq!(input.unwrap(), Some(json!(true)));
            schema(&entry.clone(), SchemaOf::Settings).await.unwrap_err();
        }
        assert_eq!(MADE.load(Ordering::Relaxed), 2);
        IS_OVER.store(true, Ordering::Relaxed);
    }
}
