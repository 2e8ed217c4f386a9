//! Lists of system calls.

use libc::{
    SYS_accept, SYS_accept4, SYS_acct, SYS_add_key, SYS_adjtimex, SYS_bind, SYS_bpf, SYS_brk,
    SYS_capset, SYS_chdir, SYS_chroot, SYS_clock_adjtime, SYS_clock_getres, SYS_clock_gettime,
    SYS_clock_nanosleep, SYS_clock_settime, SYS_close, SYS_connect, SYS_copy_file_range,
    SYS_delete_module, SYS_dup, SYS_dup3, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
    SYS_epoll_pwait2, SYS_eventfd2, SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group,
    SYS_faccessat, SYS_faccessat2, SYS_fadvise64, SYS_fallocate, SYS_fchdir, SYS_fchmod,
    SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_fdatasync, SYS_fgetxattr, SYS_finit_module,
    SYS_flock, SYS_fsconfig, SYS_fsmount, SYS_fsopen, SYS_fspick, SYS_fstat, SYS_fstatfs,
    SYS_fsync, SYS_ftruncate, SYS_futex, SYS_getcpu, SYS_getcwd, SYS_getdents64, SYS_getegid,
    SYS_geteuid, SYS_getgid, SYS_getgroups, SYS_getpeername, SYS_getpgid, SYS_getpid, SYS_getppid,
    SYS_getpriority, SYS_getrandom, SYS_getrusage, SYS_getsid, SYS_getsockname, SYS_getsockopt,
    SYS_gettid, SYS_gettimeofday, SYS_getuid, SYS_getxattr, SYS_init_module, SYS_inotify_add_watch,
    SYS_inotify_init1, SYS_inotify_rm_watch, SYS_kcmp, SYS_kexec_load, SYS_keyctl, SYS_kill,
    SYS_linkat, SYS_listen, SYS_lseek, SYS_madvise, SYS_membarrier, SYS_mkdirat, SYS_mmap,
    SYS_mount, SYS_mount_setattr, SYS_move_mount, SYS_mprotect, SYS_mremap, SYS_msync, SYS_munmap,
    SYS_name_to_handle_at, SYS_nanosleep, SYS_newfstatat, SYS_open_by_handle_at, SYS_open_tree,
    SYS_openat, SYS_openat2, SYS_personality, SYS_pidfd_getfd, SYS_pidfd_open,
    SYS_pidfd_send_signal, SYS_pipe2, SYS_pivot_root, SYS_ppoll, SYS_pread64, SYS_preadv,
    SYS_prlimit64, SYS_process_madvise, SYS_process_vm_readv, SYS_process_vm_writev, SYS_ptrace,
    SYS_pwrite64, SYS_pwritev, SYS_quotactl, SYS_read, SYS_readlinkat, SYS_readv, SYS_reboot,
    SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_renameat2, SYS_request_key, SYS_restart_syscall,
    SYS_rseq, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_sched_getaffinity, SYS_sched_yield, SYS_seccomp,
    SYS_sendfile, SYS_sendmmsg, SYS_sendmsg, SYS_sendto, SYS_set_robust_list, SYS_set_tid_address,
    SYS_setdomainname, SYS_sethostname, SYS_setns, SYS_setpgid, SYS_setsid, SYS_setsockopt,
    SYS_settimeofday, SYS_shutdown, SYS_sigaltstack, SYS_socketpair, SYS_statfs, SYS_statx,
    SYS_swapoff, SYS_swapon, SYS_symlinkat, SYS_sysinfo, SYS_syslog, SYS_tgkill,
    SYS_timerfd_create, SYS_timerfd_gettime, SYS_timerfd_settime, SYS_tkill, SYS_truncate,
    SYS_umask, SYS_umount2, SYS_uname, SYS_unlinkat, SYS_unshare, SYS_userfaultfd, SYS_utimensat,
    SYS_vhangup, SYS_wait4, SYS_waitid, SYS_write, SYS_writev,
};

use crate::call::Number;

/// What later calls replaced; `x86_64` still has them.
#[cfg(target_arch = "x86_64")]
mod old {
    use crate::call::Number;

    pub(crate) const WAITING: &[Number] = &[libc::SYS_poll, libc::SYS_epoll_wait];
    pub(crate) const CLOCKS: &[Number] = &[libc::SYS_time];
    pub(crate) const FILES: &[Number] = &[
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_getdents,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_renameat,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_dup2,
        libc::SYS_pipe,
    ];
    pub(crate) const PROCESSES: &[Number] =
        &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_arch_prctl, libc::SYS_getpgrp];
    pub(crate) const ATTACKS: &[Number] =
        &[libc::SYS_kexec_file_load, libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt];
    pub(crate) const STARTS: &[Number] = &[libc::SYS_fork, libc::SYS_vfork];
}
#[cfg(not(target_arch = "x86_64"))]
mod old {
    use crate::call::Number;

    pub(crate) const WAITING: &[Number] = &[];
    pub(crate) const CLOCKS: &[Number] = &[];
    pub(crate) const FILES: &[Number] = &[libc::SYS_renameat];
    pub(crate) const PROCESSES: &[Number] = &[];
    pub(crate) const ATTACKS: &[Number] = &[];
    pub(crate) const STARTS: &[Number] = &[];
}

/// What descriptors that are open are read and written by, and new connections taken.
pub(crate) const OPEN_DESCRIPTORS: [&[Number]; 1] = [&[
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_preadv,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_recvfrom,
    SYS_accept4,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_shutdown,
    SYS_close,
    SYS_lseek,
    SYS_fstat,
    SYS_getdents64,
]];

pub(crate) const WAITING: [&[Number]; 2] = [
    &[
        SYS_futex,
        SYS_epoll_create1,
        SYS_epoll_ctl,
        SYS_epoll_pwait,
        SYS_epoll_pwait2,
        SYS_ppoll,
        SYS_eventfd2,
        SYS_timerfd_create,
        SYS_timerfd_settime,
        SYS_timerfd_gettime,
        SYS_nanosleep,
        SYS_clock_nanosleep,
        SYS_restart_syscall,
        SYS_sched_yield,
    ],
    old::WAITING,
];

pub(crate) const MEMORY: [&[Number]; 1] =
    [&[SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_membarrier]];

pub(crate) const OWN_THREAD: [&[Number]; 1] = [&[
    SYS_exit,
    SYS_gettid,
    SYS_getpid,
    SYS_getcpu,
    SYS_getrusage,
    SYS_sched_getaffinity,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_set_robust_list,
    SYS_rseq,
]];

pub(crate) const CLOCKS: [&[Number]; 2] =
    [&[SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom], old::CLOCKS];

pub(crate) const FILES: [&[Number]; 2] = [
    &[
        SYS_openat,
        SYS_openat2,
        SYS_newfstatat,
        SYS_statx,
        SYS_faccessat,
        SYS_faccessat2,
        SYS_readlinkat,
        SYS_getcwd,
        SYS_getxattr,
        SYS_fgetxattr,
        SYS_mkdirat,
        SYS_unlinkat,
        SYS_renameat2,
        SYS_linkat,
        SYS_symlinkat,
        SYS_fchmod,
        SYS_fchmodat,
        SYS_fchown,
        SYS_fchownat,
        SYS_truncate,
        SYS_ftruncate,
        SYS_fallocate,
        SYS_fadvise64,
        SYS_fsync,
        SYS_fdatasync,
        SYS_msync,
        SYS_flock,
        SYS_statfs,
        SYS_fstatfs,
        SYS_utimensat,
        SYS_umask,
        SYS_copy_file_range,
        SYS_sendfile,
        SYS_dup,
        SYS_dup3,
        SYS_pipe2,
        SYS_inotify_init1,
        SYS_inotify_add_watch,
        SYS_inotify_rm_watch,
    ],
    old::FILES,
];

/// Beside `socket`, which only makes those of the internet, of this machine, and of routes.
pub(crate) const NETWORK: [&[Number]; 1] = [&[
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_recvmsg,
    SYS_recvmmsg,
    SYS_setsockopt,
]];

/// What it takes to start a program, to wait for it and to end it, and what the program itself calls as
/// it starts: it is in the zone, too.
pub(crate) const PROCESSES: [&[Number]; 2] = [
    &[
        SYS_execve,
        SYS_execveat,
        SYS_wait4,
        SYS_waitid,
        SYS_kill,
        SYS_tkill,
        SYS_tgkill,
        SYS_pidfd_open,
        SYS_pidfd_send_signal,
        SYS_exit_group,
        SYS_mmap,
        SYS_mprotect,
        SYS_set_tid_address,
        SYS_prlimit64,
        SYS_rt_sigaction,
        SYS_rt_sigpending,
        SYS_rt_sigsuspend,
        SYS_rt_sigtimedwait,
        SYS_setsid,
        SYS_getsid,
        SYS_setpgid,
        SYS_getpgid,
        SYS_getppid,
        SYS_getpriority,
        SYS_getuid,
        SYS_geteuid,
        SYS_getgid,
        SYS_getegid,
        SYS_getgroups,
        SYS_uname,
        SYS_sysinfo,
        SYS_chdir,
        SYS_fchdir,
    ],
    old::PROCESSES,
];

/// What no policy has a use for that is not an attack: on other processes, the kernel, the machine, or
/// the confinement. `exit_group` ends the server for all.
pub(crate) const ATTACKS: [&[Number]; 2] = [
    &[
        SYS_exit_group,
        SYS_ptrace,
        SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_process_madvise,
        SYS_pidfd_getfd,
        SYS_kcmp,
        SYS_seccomp,
        SYS_bpf,
        SYS_userfaultfd,
        SYS_add_key,
        SYS_request_key,
        SYS_keyctl,
        SYS_setns,
        SYS_unshare,
        SYS_chroot,
        SYS_pivot_root,
        SYS_mount,
        SYS_umount2,
        SYS_move_mount,
        SYS_mount_setattr,
        SYS_open_tree,
        SYS_fsopen,
        SYS_fsconfig,
        SYS_fsmount,
        SYS_fspick,
        SYS_name_to_handle_at,
        SYS_open_by_handle_at,
        SYS_init_module,
        SYS_finit_module,
        SYS_delete_module,
        SYS_kexec_load,
        SYS_reboot,
        SYS_swapon,
        SYS_swapoff,
        SYS_acct,
        SYS_quotactl,
        SYS_syslog,
        SYS_vhangup,
        SYS_personality,
        SYS_capset,
        SYS_sethostname,
        SYS_setdomainname,
        SYS_settimeofday,
        SYS_adjtimex,
        SYS_clock_settime,
        SYS_clock_adjtime,
    ],
    old::ATTACKS,
];

/// What starts a program or a process.
pub(crate) const STARTS: [&[Number]; 2] = [&[SYS_execve, SYS_execveat], old::STARTS];
