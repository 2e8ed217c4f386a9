use std::fmt;
use std::str::FromStr;

const DAY: u64 = 24 * 60 * 60;

/// The date of everything in an image, as seconds since 1970: what `SOURCE_DATE_EPOCH` holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceDate(u64);

impl SourceDate {
    /// The last second that a tar header can hold: eleven octal digits.
    pub(crate) const LATEST: Self = Self(0o777_7777_7777);

    pub(crate) fn seconds(self) -> u64 {
        self.0
    }

    /// The date that is written so, by RFC 3339 in UTC; `None` when none is.
    #[must_use]
    pub fn written(text: &str) -> Option<Self> {
        // Later dates sort after earlier ones as text, too.
        let (mut low, mut high) = (0, Self::LATEST.0);
        while low < high {
            let middle = u64::midpoint(low, high);
            if Self(middle).to_string().as_str() < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(Self(low)).filter(|date| date.to_string() == text)
    }
}

impl FromStr for SourceDate {
    type Err = SourceDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(seconds) if digits && seconds <= Self::LATEST.0 => Ok(Self(seconds)),
            _ => Err(SourceDateError { found: text.to_owned() }),
        }
    }
}

/// RFC 3339, in UTC.
impl fmt::Display for SourceDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / DAY);
        let second = self.0 % DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of the days since 1970, by Howard Hinnant's algorithm of that name: years
/// begin in March, so that the leap day comes last, and repeat every 400.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A text that is no date of an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found `{found}`, expected the seconds since 1970 as a whole number from 0 to {}\nhelp: set \
     `SOURCE_DATE_EPOCH` to such a number, or unset it", SourceDate::LATEST.0
)]
pub struct SourceDateError {
    found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..=SourceDate::LATEST.0 / DAY {
            assert_eq!(civil_from_days(days), (year, month, day));
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            let length = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (month, day) = if day == length { (month + 1, 1) } else { (month, day + 1) };
            (year, month) = if month == 13 { (year + 1, 1) } else { (year, month) };
        }
    }

    #[test]
    fn dates_are_written_in_rfc_3339() {
        let samples = [
            ("0", "1970-01-01T00:00:00Z"),
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("951868799", "2000-02-29T23:59:59Z"),
            ("8589934591", "2242-03-16T12:56:31Z"),
        ];
        for (seconds, text) in samples {
            assert_eq!(seconds.parse::<SourceDate>().unwrap().to_string(), text);
        }
        assert_eq!(SourceDate::default(), "0".parse().unwrap());
    }

    #[test]
    fn dates_round_trip() {
        for seconds in [0, 1, 59, 1_700_000_000, SourceDate::LATEST.0] {
            let date = SourceDate(seconds);
            assert_eq!(SourceDate::written(&date.to_string()), Some(date));
        }
        for text in ["", "1970-01-01", "1969-12-31T23:59:59Z", "2023-11-14T22:13:20+00:00", "9"] {
            assert_eq!(SourceDate::written(text), None, "{text}");
        }
    }

    #[test]
    fn anything_but_whole_seconds_is_refused() {
        for text in ["", " 1", "-1", "+1", "1.5", "tomorrow", "8589934592", "99999999999999999999"]
        {
            assert_eq!(
                text.parse::<SourceDate>().unwrap_err().to_string(),
                format!(
                    "found `{text}`, expected the seconds since 1970 as a whole number from 0 to \
                     8589934591\nhelp: set `SOURCE_DATE_EPOCH` to such a number, or unset it"
                )
            );
        }
    }
}
