//! An engine for the console to show: real policies, one in two versions whose settings have a
//! secret, one that does as its input says, and one whose every text is markup.

use std::process::ExitCode;
use std::time::Duration;

use policy_api::schemars::JsonSchema;
use policy_api::{
    Check, Context, Decision, Error, NoSettings, Policy, Severity, Violations, schema_of,
};
use policy_engine::v0_1::{Grant, LinkedCrate, Program};
use serde::Deserialize;
use serde_json::Value;

const AMOUNT: Check = Check::new("amount", "Orders stay below the limit of their currency")
    .link("https://wiki.example.org/orders#amount");
const COUNTRY: Check =
    Check::new("country", "Goods are sent to countries that are served").severity(Severity::Medium);
const ITEMS: Check = Check::new("items", "Every item has a quantity").severity(Severity::Low);

/// An order of a shop.
#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "policy_api::schemars")]
struct Order {
    /// What it is worth, in the limit's currency.
    amount: u64,
    /// Where the goods go, such as `NO`.
    country: String,
    #[serde(default)]
    items: Vec<Item>,
}

/// A line of an order.
#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "policy_api::schemars")]
struct Item {
    /// The name in the catalogue.
    name: String,
    #[serde(default)]
    quantity: u32,
}

/// The bounds of orders.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "policy_api::schemars")]
struct Bounds {
    /// The highest amount.
    #[serde(default = "highest")]
    limit: u64,
    #[serde(default)]
    currency: Currency,
    /// The countries that goods are sent to; anywhere, if there are none.
    #[serde(default)]
    countries: Vec<String>,
    /// By which the catalogue is asked.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    #[expect(dead_code, reason = "it is there to be masked")]
    catalogue_token: String,
}

#[derive(Default, Deserialize, JsonSchema)]
#[schemars(crate = "policy_api::schemars")]
#[serde(rename_all = "UPPERCASE")]
enum Currency {
    #[default]
    Eur,
    Nok,
    Usd,
}

fn highest() -> u64 {
    1_000
}

/// Orders within bounds: version 1 looks at their amount and country.
struct Orders(Bounds);

/// Version 2 looks at their items as well.
struct StricterOrders(Bounds);

impl Orders {
    fn judge(bounds: &Bounds, order: &Order) -> Violations {
        let mut violations = Violations::new();
        let Bounds { limit, countries, .. } = bounds;
        if order.amount > *limit {
            let currency = match bounds.currency {
                Currency::Eur => "EUR",
                Currency::Nok => "NOK",
                Currency::Usd => "USD",
            };
            let message = format!("{} {currency} is above the limit of {limit}", order.amount);
            violations.add(&AMOUNT, "amount", message);
        }
        if !countries.is_empty() && !countries.contains(&order.country) {
            let message = format!("nothing is sent to `{}`", order.country);
            violations.add(&COUNTRY, "country", message);
        }
        violations
    }
}

impl Policy for Orders {
    type Settings = Bounds;
    type Input<'a> = Order;
    type Output<'a> = Decision;

    const CHECKS: &'static [Check] = &[AMOUNT, COUNTRY];

    fn validate(bounds: Bounds) -> Result<Self, Error> {
        if bounds.limit == 0 {
            return Err(Error::msg("`limit` is 0, and no order is below that: set at least 1"));
        }
        Ok(Self(bounds))
    }

    fn execute<'a>(&'a self, order: Order, _: &Context<'a>) -> Result<Decision, Error> {
        Ok(Self::judge(&self.0, &order).into())
    }

    fn input_schema() -> Option<Value> {
        Some(schema_of::<Order>())
    }

    fn settings_schema() -> Option<Value> {
        Some(schema_of::<Bounds>())
    }
}

impl Policy for StricterOrders {
    type Settings = Bounds;
    type Input<'a> = Order;
    type Output<'a> = Decision;

    const CHECKS: &'static [Check] = &[AMOUNT, COUNTRY, ITEMS];

    fn validate(bounds: Bounds) -> Result<Self, Error> {
        Ok(Self(bounds))
    }

    fn execute<'a>(&'a self, order: Order, _: &Context<'a>) -> Result<Decision, Error> {
        let mut violations = Orders::judge(&self.0, &order);
        for (index, item) in order.items.iter().enumerate() {
            if item.quantity == 0 {
                let message = format!("no quantity of `{}`", item.name);
                violations.add(&ITEMS, format_args!("items[{index}].quantity"), message);
            }
        }
        Ok(violations.into())
    }

    fn input_schema() -> Option<Value> {
        Some(schema_of::<Order>())
    }

    fn settings_schema() -> Option<Value> {
        Some(schema_of::<Bounds>())
    }
}

/// What a decision is to be.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Task {
    Answer(Value),
    Fail(String),
    /// So many milliseconds until it is allowed.
    Sleep(u64),
}

/// Does as its input says.
struct Answers;

impl Policy for Answers {
    type Settings = NoSettings;
    type Input<'a> = Task;
    type Output<'a> = Value;

    fn validate(_: NoSettings) -> Result<Self, Error> {
        Ok(Self)
    }

    fn execute<'a>(&'a self, task: Task, _: &Context<'a>) -> Result<Value, Error> {
        match task {
            Task::Answer(output) => return Ok(output),
            Task::Fail(message) => return Err(Error::msg(message)),
            Task::Sleep(milliseconds) => {
                std::thread::sleep(Duration::from_millis(milliseconds));
            }
        }
        Ok(Value::Bool(true))
    }
}

/// What a page that does not escape would run.
macro_rules! script {
    () => {
        "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    };
}

const MARKUP: Check = Check::new("markup", script!()).link("javascript:alert(1)");

/// Settings of markup.
#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "policy_api::schemars", description = script!())]
struct Texts {
    #[serde(default)]
    #[schemars(description = script!())]
    text: String,
}

/// Denies its input by a check of markup.
struct Markup(Texts);

impl Policy for Markup {
    type Settings = Texts;
    type Input<'a> = Value;
    type Output<'a> = Decision;

    const CHECKS: &'static [Check] = &[MARKUP];

    fn validate(texts: Texts) -> Result<Self, Error> {
        if texts.text.starts_with('!') {
            return Err(Error::msg(texts.text));
        }
        Ok(Self(texts))
    }

    fn execute<'a>(&'a self, _: Value, _: &Context<'a>) -> Result<Decision, Error> {
        Ok(MARKUP.deny(format!("{}{}", script!(), self.0.text)).at(script!()))
    }

    fn settings_schema() -> Option<Value> {
        Some(schema_of::<Texts>())
    }
}

policy_api::register!(
    Orders {
        name: "orders",
        version: "1.4.0",
        description: "Orders within the bounds of the shop: their amount and their country",
        authors: "The shop <shop@example.org>"
    },
    StricterOrders {
        name: "orders",
        version: "2.0.0",
        description: "Orders within the bounds of the shop: their amount, their country and their items",
        authors: "The shop <shop@example.org>"
    },
    Answers { name: "answers", version: "1.0.0", description: "Does as its input says" },
    Markup { name: "markup", version: "1.0.0", description: script!(), authors: script!() },
);

static PROGRAM: Program = Program {
    target: "the one of the tests",
    revision: Some("4f2a9c1"),
    crates: &[
        LinkedCrate {
            name: "orders",
            version: "2.0.0",
            policies: &registered_for_policy_api_0_1::POLICIES,
            grants: &[Grant {
                crate_name: "catalogue",
                what: "files",
                item: Some("std::fs::read"),
                reason: "reads the catalogue <once>",
            }],
        },
        LinkedCrate {
            name: "pod-security",
            version: env!("CARGO_PKG_VERSION"),
            policies: &pod_security::registered_for_policy_api_0_1::POLICIES,
            grants: &[],
        },
    ],
};

fn main() -> ExitCode {
    policy_engine::v0_1::main(&PROGRAM)
}
