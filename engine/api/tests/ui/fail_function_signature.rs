//! Functions with signatures that no policy has.

struct Unreadable;

fn no_input() -> bool {
    true
}

fn unreadable_input(_: Unreadable) -> bool {
    true
}

fn unwritable_output(_: bool) -> Unreadable {
    Unreadable
}

fn foreign_error(_: bool) -> Result<bool, std::fmt::Error> {
    Ok(true)
}

policy_api::register!(
    fn no_input { name: "1" },
    fn unreadable_input { name: "2" },
    fn unwritable_output { name: "3" },
    fn foreign_error { name: "4" },
);

fn main() {}
