//! A rule, after it was edited: nothing is built of it.
