//! The filter of a zone: a list of what is allowed.

use libc::sock_filter;

use super::calls;
use super::program::{Action, Condition, Rule, Test, compile};
use crate::call::{Call, Number};
use crate::grant::{Grant, Grants};

/// Bits of `clone` that a new thread has; more make a process, or a namespace.
pub(super) const THREAD: i32 = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM;
pub(super) const NOT_THREAD: i32 = libc::CLONE_VFORK
    | libc::CLONE_PTRACE
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// Calls that are allowed together.
#[derive(Debug, Clone)]
pub struct CallGroup {
    /// What they are for.
    pub purpose: &'static str,
    /// The grant that they take.
    pub grant: Option<Grant>,
    /// The calls.
    pub calls: Vec<Call>,
    /// Their arguments are checked.
    pub some_arguments: bool,
}

/// What zones may call, by groups. What is in none is refused.
#[must_use]
pub fn zone_calls() -> Vec<CallGroup> {
    let group = |purpose, grant, lists: &[&[Number]], some_arguments| CallGroup {
        purpose,
        grant,
        calls: lists.concat().into_iter().map(Call::new).collect(),
        some_arguments,
    };
    let checked: Vec<_> = checked().into_iter().map(|rule| rule.call).collect();
    vec![
        group(
            "read and write what is open, accept connections",
            None,
            &calls::OPEN_DESCRIPTORS,
            false,
        ),
        group("wait", None, &calls::WAITING, false),
        group("memory", None, &calls::MEMORY, false),
        group("its own thread", None, &calls::OWN_THREAD, false),
        group("clocks and random numbers", None, &calls::CLOCKS, false),
        group("some of their uses", None, &[&checked], true),
        group("open, change and remove files", Some(Grant::Files), &calls::FILES, false),
        group("connect and listen", Some(Grant::Network), &calls::NETWORK, false),
        group(
            "sockets of IP, of this machine, and of routes",
            Some(Grant::Network),
            &[&[libc::SYS_socket]],
            true,
        ),
        group("start programs", Some(Grant::Processes), &calls::PROCESSES, false),
        group("start threads", Some(Grant::Threads), &[&[libc::SYS_clone]], true),
    ]
}

/// Whether a filter can ask the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Supervisor,
    Nobody,
}

/// The filter of a zone with these grants, for this process.
pub(crate) fn zone_filter(grants: Grants, asked: Asked) -> Vec<sock_filter> {
    let allow = |lists: &[&[Number]]| -> Vec<_> {
        lists.concat().into_iter().map(|call| Rule::always(call, Action::Allow)).collect()
    };
    let refuse = match asked {
        Asked::Supervisor => Action::Notify,
        Asked::Nobody => Action::Errno(libc::EPERM),
    };
    let processes = grants.contains(Grant::Processes);
    let mut rules = vec![
        new_thread_or_process(grants, asked),
        Rule::always(libc::SYS_clone3, Action::Errno(libc::ENOSYS)),
    ];
    // The first rule for a call holds: those of grants go before those that check arguments.
    if processes {
        rules.extend(allow(&calls::PROCESSES));
    }
    if processes || grants.contains(Grant::Files) {
        rules.extend(allow(&calls::FILES));
        rules.push(one_of(libc::SYS_fcntl, 1, &[FCNTL, FCNTL_FILES].concat()));
    }
    if grants.contains(Grant::Network) {
        rules.extend(allow(&calls::NETWORK));
        rules.push(sockets());
    }
    rules.extend(checked());
    for list in [
        &calls::OPEN_DESCRIPTORS[..],
        &calls::WAITING,
        &calls::MEMORY,
        &calls::OWN_THREAD,
        &calls::CLOCKS,
    ] {
        rules.extend(allow(list));
    }
    for rule in &mut rules {
        if rule.otherwise == Action::Notify {
            rule.otherwise = refuse;
        }
    }
    if asked == Asked::Nobody {
        // The engine's own runtimes make one as they start.
        let unix = libc::AF_UNIX.unsigned_abs();
        rules.push(one_of_or(libc::SYS_socketpair, 0, &[unix], refuse));
        let attacks = calls::ATTACKS.concat();
        rules.extend(attacks.into_iter().map(|call| Rule::always(call, Action::KillProcess)));
    }
    compile(&rules, refuse)
}

/// A call's rule where an argument has to be one of some values.
fn one_of(call: Number, argument: u8, values: &[u32]) -> Rule {
    one_of_or(call, argument, values, Action::Notify)
}

fn one_of_or(call: Number, argument: u8, values: &[u32], otherwise: Action) -> Rule {
    let case = |value: &u32| (vec![(argument, Test::Is(*value))], Action::Allow);
    Rule { call, cases: values.iter().map(case).collect(), otherwise }
}

fn when(call: Number, cases: &[&[Condition]]) -> Rule {
    let cases = cases.iter().map(|conditions| (conditions.to_vec(), Action::Allow)).collect();
    Rule { call, cases, otherwise: Action::Notify }
}

pub(super) const fn word(value: i32) -> u32 {
    value.unsigned_abs()
}

const FCNTL: &[u32] = &[
    word(libc::F_DUPFD_CLOEXEC),
    word(libc::F_GETFD),
    word(libc::F_SETFD),
    word(libc::F_GETFL),
    word(libc::F_SETFL),
];

/// Locks, beside those: who gets signals is nobody's to choose.
const FCNTL_FILES: &[u32] = &[
    word(libc::F_DUPFD),
    word(libc::F_GETLK),
    word(libc::F_SETLK),
    word(libc::F_SETLKW),
    word(libc::F_OFD_GETLK),
    word(libc::F_OFD_SETLK),
    word(libc::F_OFD_SETLKW),
];

/// Commands to `ioctl`: whether a socket waits, how much can be read, whether this is a terminal, and
/// its size.
// By their numbers, which C libraries have in types of different widths.
const IOCTL: &[u32] = &[FIONBIO, FIONREAD, TCGETS, TIOCGWINSZ, FIOCLEX];
const FIONBIO: u32 = 0x5421;
const FIONREAD: u32 = 0x541b;
const TCGETS: u32 = 0x5401;
const TIOCGWINSZ: u32 = 0x5413;
const FIOCLEX: u32 = 0x5451;

const PRCTL: &[u32] =
    &[word(libc::PR_SET_NAME), word(libc::PR_GET_NAME), word(libc::PR_SET_VMA), PR_GET_AUXV];

/// What the kernel told the program when it started; libraries look for the size of a page there.
const PR_GET_AUXV: u32 = 0x4155_5856;

/// What is allowed with some arguments, where no grant allows it altogether.
fn checked() -> Vec<Rule> {
    let no_code: &[Condition] = &[(2, Test::Without(word(libc::PROT_EXEC)))];
    let own_process = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
    let option =
        |level: i32, name: i32| vec![(1, Test::Is(word(level))), (2, Test::Is(word(name)))];
    let options = [
        option(libc::IPPROTO_TCP, libc::TCP_NODELAY),
        option(libc::IPPROTO_TCP, libc::TCP_QUICKACK),
        option(libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
        option(libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
        option(libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
        option(libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
        option(libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        option(libc::SOL_SOCKET, libc::SO_LINGER),
    ];
    let options: Vec<&[Condition]> = options.iter().map(Vec::as_slice).collect();
    let faults = [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS].map(word);
    vec![
        when(libc::SYS_sendto, &[&[(4, Test::Null)]]),
        when(libc::SYS_mmap, &[no_code]),
        when(libc::SYS_mprotect, &[no_code]),
        one_of(libc::SYS_fcntl, 1, FCNTL),
        one_of(libc::SYS_ioctl, 1, IOCTL),
        when(libc::SYS_setsockopt, &options),
        one_of(libc::SYS_prctl, 0, PRCTL),
        // Its own limits, unchanged.
        when(libc::SYS_prlimit64, &[&[(0, Test::Is(0)), (2, Test::Null)]]),
        when(libc::SYS_setpriority, &[&[(0, Test::Is(0)), (1, Test::Is(0))]]),
        one_of(libc::SYS_rt_sigaction, 0, &faults),
        when(
            libc::SYS_tgkill,
            &[&[(0, Test::Is(own_process)), (2, Test::Is(word(libc::SIGABRT)))]],
        ),
    ]
}

fn sockets() -> Rule {
    let family = |family: i32| vec![(0, Test::Is(word(family)))];
    let routes =
        vec![(0, Test::Is(word(libc::AF_NETLINK))), (2, Test::Is(word(libc::NETLINK_ROUTE)))];
    let sockets = [family(libc::AF_INET), family(libc::AF_INET6), family(libc::AF_UNIX), routes];
    when(libc::SYS_socket, &sockets.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn new_thread_or_process(grants: Grants, asked: Asked) -> Rule {
    if grants.contains(Grant::Processes)
        && (grants.contains(Grant::Threads) || asked == Asked::Nobody)
    {
        return Rule::always(libc::SYS_clone, Action::Allow);
    }
    let thread = vec![(0, Test::With(word(THREAD))), (0, Test::Without(word(NOT_THREAD)))];
    let thread_action = match asked {
        Asked::Supervisor => Action::Notify,
        // The engine's own threads start threads in the zone, too.
        Asked::Nobody => Action::Allow,
    };
    let otherwise = if grants.contains(Grant::Processes) { Action::Allow } else { Action::Notify };
    Rule { call: libc::SYS_clone, cases: vec![(thread, thread_action)], otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every set of grants.
    fn sets() -> impl Iterator<Item = Grants> {
        let has = |set: u32, grant: Grant| set >> (grant as u32) & 1 == 1;
        (0..16).map(move |set| Grant::ALL.into_iter().filter(|grant| has(set, *grant)).collect())
    }

    #[test]
    fn every_set_of_grants_has_a_filter_that_the_kernel_takes() {
        for grants in sets() {
            for asked in [Asked::Supervisor, Asked::Nobody] {
                let program = zone_filter(grants, asked);
                let most = usize::try_from(libc::BPF_MAXINSNS).unwrap();
                assert!((1..=most).contains(&program.len()), "{grants}: {}", program.len());
            }
        }
    }

    #[test]
    fn no_call_is_in_two_groups_of_a_grant_or_an_attack_without_one() {
        let attacks = calls::ATTACKS.concat();
        for grant in [None].into_iter().chain(Grant::ALL.map(Some)) {
            let groups = zone_calls().into_iter().filter(|group| group.grant == grant);
            let mut calls: Vec<_> = groups.flat_map(|group| group.calls).collect();
            let all = calls.len();
            calls.sort_unstable();
            calls.dedup();
            assert_eq!(calls.len(), all, "{grant:?}");
            if grant != Some(Grant::Processes) {
                assert!(calls.iter().all(|call| !attacks.contains(&call.number())), "{grant:?}");
            }
        }
    }
}
