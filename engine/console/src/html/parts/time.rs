use maud::{Markup, html};

/// A moment, with its time zone.
pub(in crate::html) fn time(text: &str) -> Markup {
    let (date, clock, zone) = split(text);
    html! { time datetime=(text) { (date) (clock) (zone) } }
}

/// A moment in a list, whose column says that times are in UTC.
pub(in crate::html) fn time_in_list(text: &str) -> Markup {
    let (date, clock, _) = split(text);
    html! { time datetime=(text) { span.muted { (date) } (clock) } }
}

/// The date, and the time up to milliseconds. Any other text is in the second place as it stands.
fn split(text: &str) -> (&str, String, &'static str) {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    let is_of = |text: &str, others: &str| {
        text.chars().all(|letter| letter.is_ascii_digit() || others.contains(letter))
    };
    match parts {
        Some((date, clock)) if is_of(date, "-") && is_of(clock, ":.") => {
            let seconds: String = clock.chars().take("00:00:00.000".len()).collect();
            (date, format!(" {seconds}"), " UTC")
        }
        _ => ("", text.to_owned(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn times_in_utc_are_split_and_have_milliseconds_at_most() {
        assert_eq!(
            split("2026-11-27T00:11:25.123456Z"),
            ("2026-11-27", " 00:11:25.123".to_owned(), " UTC")
        );
        assert_eq!(split("2026-11-27T00:11:25Z"), ("2026-11-27", " 00:11:25".to_owned(), " UTC"));
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for text in ["", "soon", "2026-11-27T00:11:25+01:00", "T<b>Z"] {
            assert_eq!(split(text), ("", text.to_owned(), ""));
        }
    }
}
