use tokio::sync::{Semaphore, SemaphorePermit};

/// Pages that are made at one time, and trials beside them. A browser asks for no more, and decisions
/// have the other threads.
const PLACES: usize = 2;

/// The places of pages, and those of trials, which may take as long as a policy does.
#[derive(Debug)]
pub(crate) struct PagePlaces {
    pages: Semaphore,
    trials: Semaphore,
}

impl Default for PagePlaces {
    fn default() -> Self {
        Self { pages: Semaphore::new(PLACES), trials: Semaphore::new(PLACES) }
    }
}

impl PagePlaces {
    /// A place, once one is free.
    pub(crate) async fn acquire(&self, for_trial: bool) -> Option<SemaphorePermit<'_>> {
        let places = if for_trial { &self.trials } else { &self.pages };
        // Nobody closes them.
        places.acquire().await.ok()
    }
}
