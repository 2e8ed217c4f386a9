//! The page on which a policy is tried: what it decides on an input, with its own settings or with
//! others, perhaps beside another policy. Nothing of it is counted, logged or changed.

mod choices;
mod differences;
mod evaluate;
mod example;
mod fields;
mod form;
mod input;
mod page;
mod settings;
mod yaml;

pub(super) use page::page;
