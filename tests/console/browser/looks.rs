use serde_json::json;

use super::Browser;

/// A way to look at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// On a usual screen.
    Wide,
    /// The same by a reader who prefers dark pages.
    Dark,
    /// On the narrowest telephone.
    Narrow,
    /// On a usual screen, at 200%.
    Zoomed,
}

impl Look {
    pub(super) const ALL: [Self; 4] = [Self::Wide, Self::Dark, Self::Narrow, Self::Zoomed];

    /// The part of a screenshot's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Dark => "dark",
            Self::Narrow => "narrow",
            Self::Zoomed => "zoomed",
        }
    }

    /// The width in CSS pixels, of which a zoomed page has half as many.
    fn width(self) -> u32 {
        match self {
            Self::Wide | Self::Dark => 1280,
            Self::Narrow => 320,
            Self::Zoomed => 640,
        }
    }
}

impl Browser {
    /// Looks at pages this way from now on.
    pub(crate) fn look(&self, look: Look) {
        let metrics = json!({
            "width": look.width(), "height": 800, "deviceScaleFactor": 1,
            // Without a bar for scrolling at the side.
            "mobile": look == Look::Narrow,
        });
        self.driver().devtools("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if look == Look::Dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.driver().devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// What is wrong with the page, looked at in one way: what axe finds, what is wider than the
    /// screen, and what is in the log.
    pub(crate) fn faults(&self, look: Look) -> Vec<String> {
        self.look(look);
        // What it finds otherwise does not depend on the look.
        let mut faults = match look {
            Look::Wide => self.violations(false),
            Look::Dark => self.violations(true),
            Look::Narrow | Look::Zoomed => Vec::new(),
        };
        let wider = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth";
        match self.evaluate(wider).as_i64().unwrap() {
            0 => {}
            pixels => faults.push(format!("it is {pixels} pixels wider than the screen")),
        }
        faults.extend(self.log().iter().map(ToString::to_string));
        faults
    }

    /// Looks at the page in every way, with a screenshot of each, and finds no fault.
    #[track_caller]
    pub(crate) fn examine(&self, name: &str) {
        let faults: Vec<_> = Look::ALL
            .into_iter()
            .flat_map(|look| {
                let faults = self.faults(look);
                self.screenshot(&format!("{name}.{}", look.name()));
                faults.into_iter().map(move |fault| format!("{name}, {look:?}: {fault}"))
            })
            .collect();
        self.look(Look::Wide);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
