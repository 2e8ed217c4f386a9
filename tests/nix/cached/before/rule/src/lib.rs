//! A rule, before it was edited: nothing is built of it.
