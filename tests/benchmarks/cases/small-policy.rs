//! One of many.

use policy_api::{Context, Error, Policy};
use serde::{Deserialize, Serialize};

/// The largest allowed amount.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    most: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most: 10 }
    }
}

/// A requested amount.
#[derive(Debug, Deserialize)]
pub struct Order {
    amount: u32,
}

/// The decision.
#[derive(Debug, Serialize)]
pub struct Decision {
    allowed: bool,
}

/// Allows small amounts.
#[derive(Debug)]
pub struct Small(Settings);

impl Policy for Small {
    type Settings = Settings;
    type Input<'a> = Order;
    type Output<'a> = Decision;

    fn validate(settings: Settings) -> Result<Self, Error> {
        Ok(Self(settings))
    }

    fn execute(&self, order: Order, _: &Context<'_>) -> Result<Decision, Error> {
        Ok(Decision { allowed: order.amount <= self.0.most })
    }
}

policy_api::register!(Small);
