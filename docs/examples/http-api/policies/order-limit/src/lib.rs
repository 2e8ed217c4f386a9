use policy_api::{Check, Decision};
use serde::Deserialize;

const APPROVAL: Check = Check::new("approval", "Orders above 1000 € are approved by somebody");

#[derive(Deserialize)]
struct Order {
    cents: u64,
    #[serde(default)]
    approved_by: Option<String>,
}

fn order_limit(order: Order) -> Decision {
    match (order.cents, order.approved_by) {
        (..=100_000, _) | (_, Some(_)) => Decision::allow(),
        (cents, None) => {
            APPROVAL.deny(format!("{} € need an approval", cents / 100)).at("cents")
        }
    }
}

policy_api::register!(fn order_limit { checks: &[APPROVAL] });

#[test]
fn large_orders_need_an_approval() {
    let order = |cents, approved_by| Order { cents, approved_by };
    assert!(order_limit(order(100_000, None)).is_allowed());
    assert!(!order_limit(order(100_001, None)).is_allowed());
    assert!(order_limit(order(100_001, Some("Ada".into()))).is_allowed());
}
