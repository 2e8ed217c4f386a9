//! Numbers as people read them.

/// A count: `1,234`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 policy`, `1,234 policies`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A size: `512 B`, `4.2 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    if number < 1024 {
        return format!("{number} B");
    }
    scaled(to_float(number), 1024.0, &["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// A time that something took: `850 µs`, `12.3 ms`, `1.25 s`.
pub(crate) fn duration(seconds: f64) -> String {
    let nanoseconds = seconds.max(0.0) * 1e9;
    if nanoseconds < 1000.0 {
        return format!("{nanoseconds:.0} ns");
    }
    scaled(nanoseconds, 1000.0, &["µs", "ms", "s"])
}

/// A time, or a dash where there is none.
pub(crate) fn duration_if_known(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), duration)
}

/// How often something comes: `0/s`, `0.05/s`, `1.2/s`, `1,234/s`.
pub(crate) fn rate(number: f64) -> String {
    format!("{}/s", per_second(number))
}

/// How often something comes in a second: `0`, `0.05`, `1.2`, `1,234`.
pub(crate) fn per_second(number: f64) -> String {
    if number <= 0.0 || !number.is_finite() {
        "0".to_owned()
    } else if number < 0.01 {
        "<0.01".to_owned()
    } else if number < 999.5 {
        significant(number)
    } else {
        count(whole(number))
    }
}

/// A longer time: `42 s`, `3 min`, `5 h 12 min`, `12 days`.
pub(crate) fn period(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h {} min", seconds / HOUR, seconds % HOUR / MINUTE),
        _ if seconds < 3 * DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} days", count(seconds / DAY)),
    }
}

/// A part of a whole: `0.4%`, `37%`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0%".to_owned();
    }
    let percent = to_float(part) / to_float(whole) * 100.0;
    if percent < 0.1 { "<0.1%".to_owned() } else { format!("{}%", significant(percent)) }
}

/// A number of `units`, the first of which is `step` times what `number` counts.
fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let mut number = number;
    let mut chosen = "";
    for unit in units {
        number /= step;
        chosen = unit;
        // What would be rounded up to the next unit is written in that one.
        if number < step - 0.5 {
            break;
        }
    }
    format!("{} {chosen}", significant(number))
}

/// Three digits at most, unless there are more before the point: `1.25`, `12.3`, `850`.
fn significant(number: f64) -> String {
    let places = match number {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let text = format!("{number:.places$}");
    if places == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded to three digits")]
fn to_float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, and not negative: what is too large becomes the largest"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_a_comma_before_each_three_digits() {
        assert_eq!(
            [0, 7, 999, 1000, 12_345, 999_999, 1_234_567, u64::MAX].map(count),
            [
                "0",
                "7",
                "999",
                "1,000",
                "12,345",
                "999,999",
                "1,234,567",
                "18,446,744,073,709,551,615"
            ]
        );
    }

    #[test]
    fn nouns_agree_with_their_count() {
        assert_eq!(
            [0, 1, 2].map(|number| counted(number, "policy", "policies")),
            ["0 policies", "1 policy", "2 policies"]
        );
    }

    #[test]
    fn sizes_have_three_digits_and_a_binary_unit() {
        assert_eq!(
            [0, 1023, 1024, 1536, 4_404_019, 1_048_575, 64 << 20, 5 << 40, u64::MAX].map(bytes),
            ["0 B", "1023 B", "1 KiB", "1.5 KiB", "4.2 MiB", "1 MiB", "64 MiB", "5 TiB", "16 EiB"]
        );
    }

    #[test]
    fn durations_have_three_digits_and_the_unit_that_suits() {
        assert_eq!(
            [0.0, 4.2e-7, 8.5e-4, 0.0123, 0.9999, 1.25, 75.0, 4000.0, -1.0].map(duration),
            ["0 ns", "420 ns", "850 µs", "12.3 ms", "1 s", "1.25 s", "75 s", "4000 s", "0 ns"]
        );
    }

    #[test]
    fn rates_are_short_and_never_zero_for_what_happens() {
        assert_eq!(
            [0.0, 0.001, 0.05, 1.2, 12.34, 999.4, 999.6, 12_345.6, f64::NAN].map(rate),
            ["0/s", "<0.01/s", "0.05/s", "1.2/s", "12.3/s", "999/s", "1,000/s", "12,346/s", "0/s"]
        );
    }

    #[test]
    fn periods_are_told_in_the_largest_units() {
        assert_eq!(
            [0, 59, 60, 3599, 3600, 18_720, 86_400, 200_000, 1_000_000].map(period),
            [
                "0 s",
                "59 s",
                "1 min",
                "59 min",
                "1 h 0 min",
                "5 h 12 min",
                "24 h",
                "55 h",
                "11 days"
            ]
        );
    }

    #[test]
    fn percentages_are_never_zero_for_what_there_is() {
        assert_eq!(percent(0, 7), "0%");
        assert_eq!(percent(1, 100_000), "<0.1%");
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(7, 7), "100%");
        assert_eq!(percent(7, 0), "0%");
    }
}
