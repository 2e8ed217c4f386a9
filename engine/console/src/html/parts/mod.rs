//! What several pages have.

mod decisions;
mod facts;
mod lines;
mod mark;
mod plot;
mod prose;
mod schema;
mod table;
mod time;

pub(super) use decisions::{decision_table, denial_table};
pub(super) use facts::{facts, figures, json, list, raw};
pub(super) use lines::{lines, violations};
pub(super) use mark::{Mark, is_monitored, mark, mode, verdict, verdict_word};
pub(super) use plot::{plot_of_decisions, plot_of_times, sparkline};
pub(super) use prose::{prose, words};
pub(super) use schema::schema;
pub(super) use table::{Column, table};
pub(super) use time::time;
