//! Landlock: files, TCP and signals, as far as the kernel goes.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    RestrictSelf, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
    path_beneath_rules,
};

use crate::grant::{Grant, Grants};

/// The newest rights that are asked for: those that were tried.
const TRIED: ABI = ABI::V7;

/// The version of Landlock's interface that the kernel has and that is made use of; 0 without it.
pub(crate) fn version() -> u32 {
    // Without a flag this restricts nothing.
    let asked = RestrictSelf::default().no_new_privs(false).apply();
    match asked.map(|status| status.landlock) {
        Ok(LandlockStatus::Available { effective_abi, .. }) => {
            (effective_abi as u32).min(TRIED as u32)
        }
        _ => 0,
    }
}

/// Restricts this thread to what a zone with these grants may do.
pub(crate) fn restrict_to_zone(grants: Grants) -> Result<(), RulesetError> {
    let processes = grants.contains(Grant::Processes);
    let files = if processes {
        BitFlags::EMPTY
    } else if grants.contains(Grant::Files) {
        AccessFs::Execute.into()
    } else {
        AccessFs::from_all(TRIED)
    };
    let net =
        if grants.contains(Grant::Network) { BitFlags::EMPTY } else { AccessNet::from_all(TRIED) };
    let mut scopes: BitFlags<Scope> = Scope::Signal.into();
    if !grants.contains(Grant::Network) {
        scopes |= Scope::AbstractUnixSocket;
    }
    ruleset(files, net, scopes)?.create()?.restrict_self().map(drop)
}

/// What the rest may reach.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    pub(crate) read: &'a [PathBuf],
    pub(crate) write: &'a [PathBuf],
    pub(crate) execute: bool,
    pub(crate) connect: Option<&'a [u16]>,
    pub(crate) bind: Option<&'a [u16]>,
}

/// Restricts this thread to what it may reach. Paths that are not there are left out.
pub(crate) fn restrict_to(reach: &Reach<'_>) -> Result<(), RulesetError> {
    let mut handled = AccessFs::from_all(TRIED);
    let mut read = AccessFs::from_read(TRIED);
    if reach.execute {
        handled.remove(AccessFs::Execute);
    }
    read.remove(AccessFs::Execute);
    let mut write = AccessFs::from_all(TRIED);
    write.remove(AccessFs::Execute | AccessFs::MakeBlock | AccessFs::MakeChar);
    let mut net = BitFlags::EMPTY;
    if reach.connect.is_some() {
        net |= AccessNet::ConnectTcp;
    }
    if reach.bind.is_some() {
        net |= AccessNet::BindTcp;
    }
    let ports = |ports: Option<&[u16]>, access: AccessNet| -> Vec<Result<NetPort, RulesetError>> {
        ports.unwrap_or_default().iter().map(|port| Ok(NetPort::new(*port, access))).collect()
    };
    ruleset(handled, net, Scope::Signal.into())?
        .create()?
        .add_rules(path_beneath_rules(reach.read, read))?
        .add_rules(path_beneath_rules(reach.write, write))?
        .add_rules(ports(reach.connect, AccessNet::ConnectTcp))?
        .add_rules(ports(reach.bind, AccessNet::BindTcp))?
        .restrict_self()
        .map(drop)
}

/// Handles these rights, as far as the kernel knows them.
fn ruleset(
    files: BitFlags<AccessFs>,
    net: BitFlags<AccessNet>,
    scopes: BitFlags<Scope>,
) -> Result<Ruleset, RulesetError> {
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    if !files.is_empty() {
        ruleset = ruleset.handle_access(files)?;
    }
    if !net.is_empty() {
        ruleset = ruleset.handle_access(net)?;
    }
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes)?;
    }
    Ok(ruleset)
}
