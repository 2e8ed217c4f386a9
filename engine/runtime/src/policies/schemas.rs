use super::made_schemas::{Made, NoSchema};
use super::{Entry, call_guarded};

/// What a schema is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SchemaOf {
    Input,
    Settings,
}

/// The schema of a policy.
///
/// # Errors
/// When the author's code does not make it, which may take two seconds.
pub(crate) async fn schema(entry: &Entry, of: SchemaOf) -> Made {
    let registration = &entry.registration;
    let (schema, function) = match of {
        SchemaOf::Input => (&entry.schemas.input, registration.input_schema),
        SchemaOf::Settings => (&entry.schemas.settings, registration.settings_schema),
    };
    let entry = entry.clone();
    schema.get_or_make(move || call_guarded(&entry, function).map_err(|_| NoSchema)).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::Registry;
    use crate::testing::registration;

    #[tokio::test]
    async fn schema_is_made_once_and_one_that_does_not_end_is_none() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        // Or the runtime's end would wait for it.
        struct End;
        impl Drop for End {
            fn drop(&mut self) {
                IS_OVER.store(true, Ordering::Relaxed);
            }
        }
        let _end = End;
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
    }
}
