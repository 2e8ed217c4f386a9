//! The settings, each with its path, its values and its default.
//!
//! This is the one list of them: what reads the configuration names a setting by its constant here,
//! and the environment has a variable for each.

use std::path::PathBuf;
use std::time::Duration;

use super::values::{self, DestinationAddress, Parser};
use super::{Address, Mode, WhenFull};

/// A setting that may be left out, or must be there.
pub(super) struct Setting<T: 'static> {
    /// The path from the root, such as `limits.in-flight`.
    pub(super) path: &'static str,
    pub(super) parser: Parser<T>,
}

/// A setting with a default.
pub(super) struct DefaultedSetting<T: 'static> {
    pub(super) setting: Setting<T>,
    /// The default as it would be written on the command line.
    pub(super) default: &'static str,
}

/// The last segment of a path.
pub(super) fn key(path: &'static str) -> &'static str {
    path.rsplit('.').next().unwrap_or(path)
}

macro_rules! settings {
    ($(
        $(#[$doc:meta])*
        $name:ident = $path:literal $(, $parser:ident : $type:ty $(, $default:literal)?)?;
    )*) => {
        $(settings!(@one $(#[$doc])* $name = $path $(, $parser : $type $(, $default)?)?);)*

        /// The paths of all settings that have a variable. Policies have none: their ids and
        /// their settings have any names.
        pub(super) const PATHS: [&str; [$($path),*].len()] = [$($path),*];
    };
    (@one $(#[$doc:meta])* $name:ident = $path:literal) => {
        $(#[$doc])*
        pub(super) const $name: &str = $path;
    };
    (@one $(#[$doc:meta])* $name:ident = $path:literal, $parser:ident : $type:ty) => {
        $(#[$doc])*
        pub(super) const $name: Setting<$type> = Setting { path: $path, parser: values::$parser };
    };
    (@one $(#[$doc:meta])* $name:ident = $path:literal, $parser:ident : $type:ty, $default:literal) => {
        $(#[$doc])*
        pub(super) const $name: DefaultedSetting<$type> = DefaultedSetting {
            setting: Setting { path: $path, parser: values::$parser },
            default: $default,
        };
    };
}

settings! {
    LISTEN = "listen", ADDRESS: Address, "127.0.0.1:8181";
    DIAGNOSTIC_LISTEN = "diagnostic-listen", ADDRESS: Address, "";
    UNIX_SOCKET_MODE = "unix-socket-mode", PERMISSIONS: u32, "0600";
    TLS_CERTIFICATE = "tls.certificate", PATH: PathBuf;
    TLS_KEY = "tls.key", PATH: PathBuf;
    TLS_CLIENT_CA = "tls.client-ca", PATH: PathBuf;
    TOKENS = "tokens", PATH: PathBuf;
    CONNECTIONS = "limits.connections", COUNT: usize, "10000";
    IN_FLIGHT = "limits.in-flight", COUNT: usize, "256";
    QUEUE = "limits.queue", COUNT_OR_ZERO: usize, "1024";
    QUEUE_TIME = "limits.queue-time", DURATION: Duration, "1s";
    BODIES = "limits.bodies", BYTES: usize, "256MiB";
    BODY = "limits.body", BYTES: usize, "8MiB";
    HEADER_TIME = "limits.header-time", DURATION: Duration, "10s";
    BODY_TIME = "limits.body-time", DURATION: Duration, "30s";
    IDLE_TIME = "limits.idle-time", DURATION: Duration, "2m";
    TIMEOUT = "timeout", DURATION: Duration, "2s";
    MAX_STUCK = "max-stuck", COUNT: usize, "4";
    SHUTDOWN_WAIT = "shutdown.wait", DURATION_OR_ZERO: Duration, "0s";
    SHUTDOWN_GRACE = "shutdown.grace", DURATION_OR_ZERO: Duration, "10s";
    DEFAULT_DECISION = "default-decision", DECISION: String;
    SKIP_INVALID = "skip-invalid", SWITCH: bool, "false";
    /// Short for its `to`.
    DECISION_LOG = "decision-log";
    DECISION_LOG_TO = "decision-log.to", DESTINATION: DestinationAddress;
    DECISION_LOG_LABELS = "decision-log.labels";
    DECISION_LOG_ERASE = "decision-log.erase", POINTER: String, "";
    DECISION_LOG_MASK = "decision-log.mask";
    DECISION_LOG_BUFFER = "decision-log.buffer", BYTES: usize, "64MiB";
    DECISION_LOG_WHEN_FULL = "decision-log.when-full", WHEN_FULL: WhenFull, "drop";
    COLLECTOR_TOKEN = "decision-log.token", PATH: PathBuf;
    COLLECTOR_CA = "decision-log.ca", PATH: PathBuf;
    COLLECTOR_UPLOAD = "decision-log.upload", BYTES: usize, "1MiB";
    COLLECTOR_DELAY = "decision-log.delay", DURATION_OR_ZERO: Duration, "1s";
    COLLECTOR_TIMEOUT = "decision-log.timeout", DURATION: Duration, "10s";
    COLLECTOR_MAX_RETRY_DELAY = "decision-log.max-retry-delay", DURATION: Duration, "30s";
}

/// The mode of one policy, below its id.
pub(super) const MODE: DefaultedSetting<Mode> = DefaultedSetting {
    setting: Setting { path: "mode", parser: values::MODE },
    default: "enforce",
};

/// True if one policy runs on threads of its own, below its id.
pub(super) const BLOCKING: Setting<bool> = Setting { path: "blocking", parser: values::SWITCH };
