//! A kernel that confines less, as `gVisor` is one.

use libc::sock_filter;

/// Has this thread and what it starts meet a kernel without Landlock and without notifications of
/// system calls.
pub fn with_less() {
    let errno = |number: i32| libc::SECCOMP_RET_ERRNO | number.unsigned_abs();
    let instruction =
        |code: u32, k: u32, jt: u8, jf: u8| sock_filter { code: code as u16, jt, jf, k };
    let load = |at: u32| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at, 0, 0);
    let equal =
        |value: u32, jf: u8| instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value, 0, jf);
    let has =
        |bit: u32, jf: u8| instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, bit, 0, jf);
    let give = |value: u32| instruction(libc::BPF_RET | libc::BPF_K, value, 0, 0);
    let program = [
        load(0),
        equal(libc::SYS_landlock_create_ruleset as u32, 1),
        give(errno(libc::ENOSYS)),
        equal(libc::SYS_seccomp as u32, 3),
        load(24),
        has(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32, 1),
        give(errno(libc::EINVAL)),
        give(libc::SECCOMP_RET_ALLOW),
    ];
    let set = seccompy::set_no_new_privileges().is_ok()
        && seccompy::set_filter(seccompy::FilterFlags::default(), &program).is_ok();
    assert!(set, "the test needs filters of system calls");
}
