use std::str::FromStr;

/// A share of what was measured before, such as `10%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Percent(f64);

impl Percent {
    /// The largest value that is no more than this above another.
    pub(super) fn above(self, value: f64) -> f64 {
        value + value * self.0 / 100.0
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('%').unwrap_or(text).trim();
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(Self(number)),
            _ => Err(format!("`{text}` is no percentage: expected such as `10%`")),
        }
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentage_is_a_number_from_zero() {
        let above = |text: &str| text.parse::<Percent>().map(|percent| percent.above(100.0));
        assert_eq!(above("10%"), Ok(110.0));
        assert_eq!(above("0"), Ok(100.0));
        for text in ["-1%", "ten", "", "nan", "inf"] {
            assert_eq!(
                above(text).unwrap_err(),
                format!("`{text}` is no percentage: expected such as `10%`")
            );
        }
    }
}
