use std::fmt;

use serde::Serialize;

/// The reason why a logged decision cannot be made once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Parts of the input were erased or masked.
    Input,
    /// So was the result, and nothing else tells its verdict.
    Verdict,
    /// It answers a query of the client's own, and no policy at a path.
    Query,
    /// The policy was never asked: the server had too much to do.
    NeverAsked,
}

/// How many decisions cannot be made once more, by reason.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HiddenCounts {
    pub(crate) input_hidden: u64,
    pub(crate) verdict_hidden: u64,
    pub(crate) query: u64,
    pub(crate) never_asked: u64,
}

impl Hidden {
    const ALL: [Self; 4] = [Self::Input, Self::Verdict, Self::Query, Self::NeverAsked];
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "parts of the input are erased or masked",
            Self::Verdict => "parts of the result are erased or masked",
            Self::Query => "it answers a query without a path",
            Self::NeverAsked => "no policy was asked",
        })
    }
}

impl HiddenCounts {
    pub(super) fn add(&mut self, hidden: Hidden, count: u64) {
        *match hidden {
            Hidden::Input => &mut self.input_hidden,
            Hidden::Verdict => &mut self.verdict_hidden,
            Hidden::Query => &mut self.query,
            Hidden::NeverAsked => &mut self.never_asked,
        } += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (hidden, count) in other.each() {
            self.add(hidden, count);
        }
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = (Hidden, u64)> + use<> {
        let Self { input_hidden, verdict_hidden, query, never_asked } = *self;
        Hidden::ALL.into_iter().zip([input_hidden, verdict_hidden, query, never_asked])
    }
}
