//! The HTML of pages, as a parser of HTML reads it.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of a test may panic as the test itself may, and made-up numbers are small"
)]

mod escaping;
mod first_page;
mod markup;
mod samples;
