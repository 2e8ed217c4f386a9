//! The settings, each with its path, its values and its default.
//!
//! This is the one list of them: what reads the configuration names a setting by its constant here,
//! the environment has a variable for each, and the JSON Schema and the documentation are made of it.

use std::path::PathBuf;
use std::time::Duration;

use super::values::{self, DestinationAddress, Format, Parser};
use super::{Address, Mode, Sample, WhenFull};
use crate::policies::PolicyRef;

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

/// A setting as it is documented.
#[derive(Debug, Clone, Copy)]
pub(super) struct Description {
    pub(super) path: &'static str,
    /// A sentence, without the space that a doc comment begins with.
    pub(super) sentence: &'static str,
    pub(super) format: Format,
    pub(super) default: Option<&'static str>,
}

/// The last segment of a path.
pub(super) fn key(path: &'static str) -> &'static str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Makes a constant of each line, and of its doc comment what is documented of the setting. A line
/// names a parser, or in braces the form of a table whose keys are the user's.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $path:literal, $({$table:ident})? $($parser:ident : $type:ty $(, $default:literal)?)?;
    )*) => {
        $(settings!(@one [$($doc)+] $name = $path, $({$table})? $($parser : $type $(, $default)?)?);)*

        /// The paths of all settings that have a variable. Policies have none: their ids and
        /// their settings have any names.
        pub(super) const PATHS: [&str; [$($path),*].len()] = [$($path),*];

        /// The settings, those of policies excepted.
        pub(super) const SETTINGS: [Description; PATHS.len()] = [$(Description {
            path: $path,
            sentence: concat!($($doc),+).trim_ascii_start(),
            format: $(values::$table)? $(values::$parser.format)?,
            default: settings!(@default $($($default)?)?),
        }),*];
    };
    (@one [$($doc:literal)+] $name:ident = $path:literal, {$table:ident}) => {
        $(#[doc = $doc])+
        pub(super) const $name: &str = $path;
    };
    (@one [$($doc:literal)+] $name:ident = $path:literal, $parser:ident : $type:ty) => {
        $(#[doc = $doc])+
        pub(super) const $name: Setting<$type> = Setting { path: $path, parser: values::$parser };
    };
    (@one [$($doc:literal)+] $name:ident = $path:literal, $parser:ident : $type:ty, $default:literal) => {
        $(#[doc = $doc])+
        pub(super) const $name: DefaultedSetting<$type> = DefaultedSetting {
            setting: Setting { path: $path, parser: values::$parser },
            default: $default,
        };
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

settings! {
    /// The addresses that decisions are asked at.
    LISTEN = "listen", ADDRESS: Address, "127.0.0.1:8181";
    /// Addresses for health and metrics alone, without a token.
    DIAGNOSTIC_LISTEN = "diagnostic-listen", ADDRESS: Address, "";
    /// The permissions of Unix sockets.
    UNIX_SOCKET_MODE = "unix-socket-mode", PERMISSIONS: u32, "0600";
    /// The server's certificate in PEM, followed by those between it and its authority; read again
    /// when it changes.
    TLS_CERTIFICATE = "tls.certificate", PATH: PathBuf;
    /// The private key of the certificate, in PEM.
    TLS_KEY = "tls.key", PATH: PathBuf;
    /// The authorities of clients' certificates, in PEM; without them clients need no certificate.
    TLS_CLIENT_CA = "tls.client-ca", PATH: PathBuf;
    /// A file of bearer tokens, one a line, of which a client has to send one; read again when it
    /// changes.
    TOKENS = "tokens", PATH: PathBuf;
    /// The most connections that are open at one time; others wait to be accepted.
    CONNECTIONS = "limits.connections", COUNT: usize, "10000";
    /// The most requests that are decided on at one time.
    IN_FLIGHT = "limits.in-flight", COUNT: usize, "256";
    /// The most requests that wait to be decided on; more are answered 503 at once.
    QUEUE = "limits.queue", COUNT_OR_ZERO: usize, "1024";
    /// The longest time that a request waits to be decided on, after which it is answered 503.
    QUEUE_TIME = "limits.queue-time", DURATION: Duration, "1s";
    /// The memory for all connections, requests and answers together.
    BODIES = "limits.bodies", BYTES: usize, "256MiB";
    /// The memory for questions that wait for shadows, and for what shadows decode of them.
    SHADOWS = "limits.shadows", BYTES: usize, "16MiB";
    /// The largest body of a request, also once it is inflated.
    BODY = "limits.body", BYTES: usize, "8MiB";
    /// The time that the head of a connection's first request may take to arrive. Later ones have
    /// `limits.idle-time`.
    HEADER_TIME = "limits.header-time", DURATION: Duration, "10s";
    /// The time that the body of a request may take to arrive.
    BODY_TIME = "limits.body-time", DURATION: Duration, "30s";
    /// The time without a request after which a connection is closed.
    IDLE_TIME = "limits.idle-time", DURATION: Duration, "2m";
    /// The time that a decision may take, of policies that set none of their own.
    TIMEOUT = "timeout", DURATION: Duration, "2s";
    /// The number of overrunning evaluations at which a policy is suspended, of policies that set
    /// none of their own.
    MAX_STUCK = "max-stuck", COUNT: usize, "4";
    /// The memory that a decision may allocate in all, freed or not, of policies that set none of
    /// their own.
    ALLOCATION_BUDGET = "allocation-budget", BYTES_OR_NONE: Option<u64>, "none";
    /// The time that a decision may have of a processor, of policies that set none of their own.
    CPU_BUDGET = "cpu-budget", DURATION_OR_NONE: Option<Duration>, "none";
    /// The time between not being ready any more and accepting no connection any more, at shutdown.
    SHUTDOWN_WAIT = "shutdown.wait", DURATION_OR_ZERO: Duration, "0s";
    /// The time for requests in flight and for the decision log, at shutdown.
    SHUTDOWN_GRACE = "shutdown.grace", DURATION_OR_ZERO: Duration, "10s";
    /// The decision that `POST /` asks for.
    DEFAULT_DECISION = "default-decision", DECISION: String;
    /// Whether the other policies are served where the settings of some are invalid.
    SKIP_INVALID = "skip-invalid", SWITCH: bool, "false";
    /// Whether policies are kept from files, sockets and processes, or only reported where they try,
    /// or neither.
    CONFINEMENT = "confinement", CONFINEMENT_MODE: policy_confinement::Mode, "enforce";
    /// Short for `console.listen`.
    CONSOLE = "console", {CONSOLE};
    /// The address of the console, which shows operators what the server does. Where it is one of
    /// `diagnostic-listen`, both are served there.
    CONSOLE_LISTEN = "console.listen", ADDRESS: Address;
    /// The memory for the last decisions, which the console shows; none are kept where it is left
    /// out.
    CONSOLE_DECISIONS = "console.decisions", BYTES: usize;
    /// Whether policies can be tried in the console.
    CONSOLE_TRY_IT = "console.try-it", SWITCH: bool, "true";
    /// Short for `decision-log.to`.
    DECISION_LOG = "decision-log", {DECISION_LOG};
    /// The destination of decision events.
    DECISION_LOG_TO = "decision-log.to", DESTINATION: DestinationAddress;
    /// Labels of every event, beside `id` and `version`.
    DECISION_LOG_LABELS = "decision-log.labels", {LABELS};
    /// What is left out of events; `*` stands for every element.
    DECISION_LOG_ERASE = "decision-log.erase", POINTER: String, "";
    /// What is replaced in events, and by what; `*` stands for every element.
    DECISION_LOG_MASK = "decision-log.mask", {MASKS};
    /// The memory for events that wait to be written.
    DECISION_LOG_BUFFER = "decision-log.buffer", BYTES: usize, "64MiB";
    /// What happens where the buffer is full: events are dropped and counted, or answers wait.
    DECISION_LOG_WHEN_FULL = "decision-log.when-full", WHEN_FULL: WhenFull, "drop";
    /// A file with the bearer token for the collector; read again for each upload.
    COLLECTOR_TOKEN = "decision-log.token", PATH: PathBuf;
    /// The authorities of the collector's certificate, in PEM; the system's where it is left out.
    COLLECTOR_CA = "decision-log.ca", PATH: PathBuf;
    /// The size of an upload to the collector, before it is compressed.
    COLLECTOR_UPLOAD = "decision-log.upload", BYTES: usize, "1MiB";
    /// The time that events wait for others to be uploaded with.
    COLLECTOR_DELAY = "decision-log.delay", DURATION_OR_ZERO: Duration, "1s";
    /// The time that one upload may take.
    COLLECTOR_TIMEOUT = "decision-log.timeout", DURATION: Duration, "10s";
    /// The longest time between two attempts to upload.
    COLLECTOR_MAX_RETRY_DELAY = "decision-log.max-retry-delay", DURATION: Duration, "30s";
}

/// The settings that a reload applies, in tables that otherwise wait for a restart.
pub(super) const APPLIED_AT_ONCE: [&str; 3] =
    [DECISION_LOG_LABELS, DECISION_LOG_ERASE.setting.path, DECISION_LOG_MASK];

/// The tables that may be one text, with the setting in them that it is.
pub(super) const SHORTHANDS: [(&str, &str); 2] =
    [(CONSOLE, CONSOLE_LISTEN.path), (DECISION_LOG, DECISION_LOG_TO.path)];

/// The setting that a text in place of a table stands for.
pub(super) fn longhand(table: &str) -> Option<&'static str> {
    SHORTHANDS.iter().find(|(short, _)| *short == table).map(|(_, long)| *long)
}

/// The mode of one policy, below its id.
pub(super) const MODE: DefaultedSetting<Mode> = DefaultedSetting {
    setting: Setting { path: "mode", parser: values::MODE },
    default: "enforce",
};

/// True if one policy runs on threads of its own, below its id.
pub(super) const BLOCKING: Setting<bool> = Setting { path: "blocking", parser: values::SWITCH };

/// The policy of a shadow, below `shadow`.
pub(super) const SHADOW_POLICY: Setting<PolicyRef> =
    Setting { path: "policy", parser: values::POLICY };

/// The share of questions that a shadow is asked, below `shadow`.
pub(super) const SAMPLE: DefaultedSetting<Sample> = DefaultedSetting {
    setting: Setting { path: "sample", parser: values::SAMPLE },
    default: "100%",
};

/// The table of a policy's shadow, below its id.
pub(super) const SHADOW: &str = "shadow";

/// The settings of a shadow, below `shadow`.
pub(super) const OF_SHADOW: [Description; 3] = [
    Description {
        path: SHADOW_POLICY.path,
        sentence: "The policy in this binary that is the shadow.",
        format: values::POLICY.format,
        default: None,
    },
    Description {
        path: "settings",
        sentence: "The settings of the shadow, which its author defined.",
        format: values::SETTINGS,
        default: None,
    },
    Description {
        path: SAMPLE.setting.path,
        sentence: "The share of the policy's questions that the shadow is asked.",
        format: values::SAMPLE.format,
        default: Some(SAMPLE.default),
    },
];

/// The settings of one policy, below its id.
pub(super) const POLICY: [Description; 9] = [
    Description {
        path: "policy",
        sentence: "The policy in this binary; the id is its name where this is left out.",
        format: values::POLICY.format,
        default: None,
    },
    Description {
        path: "settings",
        sentence: "The settings that the policy's author defined.",
        format: values::SETTINGS,
        default: None,
    },
    Description {
        path: TIMEOUT.setting.path,
        sentence: "The time that a decision may take; `timeout` of all policies where this is \
                   left out.",
        format: values::DURATION.format,
        default: None,
    },
    Description {
        path: MAX_STUCK.setting.path,
        sentence: "The number of overrunning evaluations at which the policy is suspended; \
                   `max-stuck` of all policies where this is left out.",
        format: values::COUNT.format,
        default: None,
    },
    Description {
        path: ALLOCATION_BUDGET.setting.path,
        sentence: "The memory that a decision may allocate in all, freed or not; \
                   `allocation-budget` of all policies where this is left out.",
        format: values::BYTES_OR_NONE.format,
        default: None,
    },
    Description {
        path: CPU_BUDGET.setting.path,
        sentence: "The time that a decision may have of a processor; `cpu-budget` of all policies \
                   where this is left out.",
        format: values::DURATION_OR_NONE.format,
        default: None,
    },
    Description {
        path: MODE.setting.path,
        sentence: "Whether a denial denies, or is only logged and counted and answered as allowed.",
        format: values::MODE.format,
        default: Some(MODE.default),
    },
    Description {
        path: BLOCKING.path,
        sentence: "Whether the policy runs on threads of its own; as the policy asks for where \
                   this is left out.",
        format: values::SWITCH.format,
        default: None,
    },
    Description {
        path: SHADOW,
        sentence: "A policy that is asked the same questions, to see where it would decide \
                   otherwise. It changes no answer. Short for `policies.ID.shadow.policy`.",
        format: values::SHADOW,
        default: None,
    },
];
