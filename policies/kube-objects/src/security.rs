use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Text, null};

/// The rights of a pod or a container. Pods and containers share most of it; what only one of them
/// has is to be asked of that one.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext<'a> {
    /// Root of the host; of containers only.
    pub privileged: Option<bool>,
    /// Gain more rights than the parent process; of containers only.
    pub allow_privilege_escalation: Option<bool>,
    /// Parts of root's power; of containers only.
    #[serde(borrow)]
    pub capabilities: Option<Capabilities<'a>>,
    /// The masking of `/proc`; of containers only.
    #[serde(borrow)]
    pub proc_mount: Option<Text<'a>>,
    /// Refuse to start as root.
    pub run_as_non_root: Option<bool>,
    /// The user to run as; 0 is root.
    pub run_as_user: Option<i64>,
    /// `SELinux` labels.
    #[serde(borrow)]
    pub se_linux_options: Option<SeLinuxOptions<'a>>,
    /// The system calls that are let through.
    #[serde(borrow)]
    pub seccomp_profile: Option<Profile<'a>>,
    /// The profile of `AppArmor`.
    #[serde(borrow)]
    pub app_armor_profile: Option<Profile<'a>>,
    /// Options of Windows.
    pub windows_options: Option<WindowsOptions>,
    /// Kernel parameters; of pods only.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub sysctls: Option<Vec<Sysctl<'a>>>,
}

/// Capabilities on top of the container runtime's own, and without them.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Capabilities<'a> {
    /// On top.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub add: Option<Vec<Text<'a>>>,
    /// Without.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub drop: Option<Vec<Text<'a>>>,
}

/// `SELinux` labels.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct SeLinuxOptions<'a> {
    /// The type label.
    #[serde(borrow, rename = "type")]
    pub type_: Option<Text<'a>>,
    /// The user label.
    #[serde(borrow)]
    pub user: Option<Text<'a>>,
    /// The role label.
    #[serde(borrow)]
    pub role: Option<Text<'a>>,
}

/// A seccomp or `AppArmor` profile.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Profile<'a> {
    /// `RuntimeDefault`, `Localhost` or `Unconfined`.
    #[serde(borrow, rename = "type")]
    pub type_: Option<Text<'a>>,
}

/// Options of Windows.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowsOptions {
    /// Run as a process of the host.
    pub host_process: Option<bool>,
}

/// A kernel parameter.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Sysctl<'a> {
    /// Its name, with dots.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}
