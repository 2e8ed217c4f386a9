//! A function whose input borrows from the request, as that of a type may.

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

policy_api::register!(fn is_empty);

fn main() {}
