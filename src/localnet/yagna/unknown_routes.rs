//! Requests that no route answers: what the emulation lacks.
//!
//! May import nothing of the house. Invariant: whatever clients send, it stays small, and each route is told once.

use std::collections::BTreeSet;

/// So many of them are remembered; those of any client of yagna are far fewer.
const REMEMBERED: usize = 100;

/// So many characters of each, which no route of yagna reaches.
const LONGEST: usize = 200;

/// What was asked in vain.
#[derive(Default)]
pub(crate) struct UnknownRoutes {
    routes: BTreeSet<String>,
    /// Requests beyond those that are remembered.
    more: u64,
}

impl UnknownRoutes {
    /// Remembers a request; what to log about it, if that is new.
    pub fn add(&mut self, method: &str, path: &str) -> Option<String> {
        let mut route: String = format!("{method} {path}").chars().take(LONGEST + 1).collect();
        if route.chars().count() > LONGEST {
            route.pop();
            route.push('…');
        }
        if self.routes.contains(&route) {
            return None;
        }
        if self.routes.len() < REMEMBERED {
            self.routes.insert(route.clone());
            return Some(format!("no route for {route}"));
        }
        self.more = self.more.saturating_add(1);
        (self.more == 1).then(|| format!("no route for {route}; further ones are only counted"))
    }

    /// Those that are remembered, in alphabetical order.
    pub fn routes(&self) -> Vec<String> {
        self.routes.iter().cloned().collect()
    }

    /// How many requests there were beyond those.
    pub fn more(&self) -> u64 {
        self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_told_once_and_shortened() {
        let mut unknown = UnknownRoutes::default();
        assert_eq!(unknown.add("GET", "/x").as_deref(), Some("no route for GET /x"));
        assert_eq!(unknown.add("GET", "/x"), None);
        unknown.add("PUT", &"é".repeat(10_000));
        assert_eq!(unknown.routes()[1].chars().count(), LONGEST + 1);
    }

    #[test]
    fn beyond_a_hundred_they_are_counted_and_the_log_stays_short() {
        let mut unknown = UnknownRoutes::default();
        let told = (0..1000).filter_map(|number| unknown.add("GET", &format!("/{number}"))).count();
        assert_eq!((unknown.routes().len(), unknown.more(), told), (REMEMBERED, 900, REMEMBERED + 1));
    }
}
