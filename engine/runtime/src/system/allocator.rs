//! The memory allocator of programs that are linked with musl.
//!
//! musl's own is made to be small: it took a quarter of the processor's time of `serve`, and two
//! threads that decide made fewer decisions with it than one. This one is pure Rust, is kept by
//! those who keep Rust's standard library, and takes as little memory. It has one lock as well, but
//! holds it for a shorter time.

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
