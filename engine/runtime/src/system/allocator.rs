//! The memory allocator, which counts by thread what is allocated: evaluations have a budget of it,
//! and `bench` tells it.
//!
//! Of programs that are linked with musl it is another one than the C library's own. musl's is made
//! to be small: it took a quarter of the processor's time of `serve`, and two threads that decide
//! made fewer decisions with it than one. This one is pure Rust, is kept by those who keep Rust's
//! standard library, and takes as little memory. It has one lock as well, but holds it for a shorter
//! time.

use densa_alloc::CountingAllocator;

#[cfg(target_env = "musl")]
type Allocator = dlmalloc::GlobalDlmalloc;

#[cfg(not(target_env = "musl"))]
type Allocator = std::alloc::System;

#[cfg(target_env = "musl")]
const ALLOCATOR: Allocator = dlmalloc::GlobalDlmalloc;

#[cfg(not(target_env = "musl"))]
const ALLOCATOR: Allocator = std::alloc::System;

#[global_allocator]
static COUNTING: CountingAllocator<Allocator> = CountingAllocator::new(ALLOCATOR);
