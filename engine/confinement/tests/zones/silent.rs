//! Kernels and containers in which a filter's notifications cannot be had: here somebody else reads
//! them.

use std::fs::File;
use std::thread::{self, Builder};

use policy_confinement::{FilterSupport, Grants, Mode, Supervisor, Support, spawn_zone};

/// Runs code in a zone below a filter that has a listener already.
pub(crate) fn run_silent<T: Send + 'static>(code: fn() -> T) -> (T, Support) {
    let outer = thread::spawn(move || {
        seccompy::set_no_new_privileges().unwrap();
        let filter = seccompy::Filter::new(seccompy::FilterArgs {
            default_action: seccompy::FilterAction::Allow,
            ..Default::default()
        });
        let flags = seccompy::FilterWithListenerFlags::default();
        let _listener =
            seccompy::set_filter_with_listener(flags, &filter.compile().unwrap()).unwrap();
        assert_eq!(Support::detect().filter, FilterSupport::Silent);
        let supervisor = Supervisor::new(|_| {});
        let zone =
            spawn_zone(&supervisor, Mode::Enforce, Grants::NONE, Builder::new(), code).unwrap();
        (zone.thread.join().unwrap(), zone.confined.unwrap())
    });
    outer.join().unwrap()
}

#[test]
fn calls_are_refused_all_the_same() {
    let (refused, support) = run_silent(|| {
        // The program's own threads and theirs cannot be told apart.
        let thread = thread::spawn(|| File::open("/etc/passwd").unwrap_err().raw_os_error());
        (thread.join().unwrap(), File::open("/etc/passwd").unwrap_err().raw_os_error())
    });
    assert_eq!(refused, (Some(libc::EPERM), Some(libc::EPERM)));
    assert_eq!(support.filter, FilterSupport::Silent);
    let sentence = "this kernel or container does not notify of system calls: what a policy may not do \
                    is refused, and not told";
    assert!(support.missing().contains(&sentence));
}

#[test]
fn this_kernel_can_do_all() {
    let support = Support::detect();
    assert_eq!(support.filter, FilterSupport::Told);
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    assert!(status.contains("NoNewPrivs:\t0\nSeccomp:\t0\n"), "finding out restricts nothing");
}
