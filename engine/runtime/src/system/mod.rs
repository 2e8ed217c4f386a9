//! The process and its operating system: memory, stacks, threads, and files that change.

mod allocator;
pub(crate) mod long_work;
pub(crate) mod proc_file;
pub(crate) mod stack;
mod thread_cpu;
pub(crate) mod watched_file;

pub(crate) use thread_cpu::thread_cpu;
