use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;

use super::spare::SpareWorker;
use crate::server::policy::WorkerSlots;

/// The interval of looks: the longest time that a policy may hold a worker before another one is
/// woken.
const INTERVAL: Duration = Duration::from_millis(10);

/// Looks at all workers being held, of this many in a row, after which the spare one works. Quick
/// policies hardly ever hold all of them at one look.
const FULL_LOOKS: u32 = 3;

/// Looks at nothing being asked, of this many in a row, after which nobody looks until something is.
const IDLE_LOOKS: u32 = 100;

/// Keeps workers polling sockets and timers while policies hold others, from a thread that ends
/// with the slots, and sleeps while no policy is asked.
pub(super) fn watch(slots: &Arc<WorkerSlots>, runtime: Handle) -> io::Result<()> {
    let slots = Arc::downgrade(slots);
    let mut spare = Some(SpareWorker::new(&runtime));
    let watch = move || {
        let [mut idle, mut full] = [0_u32; 2];
        while let Some(slots) = slots.upgrade() {
            slots.activity().observe();
            let is_held = slots.any_held();
            if is_held {
                drop(runtime.spawn(async {}));
            }
            full = count(full, slots.all_held());
            if full >= FULL_LOOKS {
                drop(spare.take());
            }
            idle = count(idle, !slots.activity().take() && !is_held);
            let sleeps = idle >= IDLE_LOOKS && slots.activity().sleep();
            drop(slots);
            if sleeps {
                thread::park();
            } else {
                thread::sleep(INTERVAL);
            }
        }
    };
    thread::Builder::new().name("watch".to_owned()).spawn(watch).map(drop)
}

/// The number of looks in a row at which something was so.
fn count(before: u32, is_so: bool) -> u32 {
    if is_so { before.saturating_add(1) } else { 0 }
}
