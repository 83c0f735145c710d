//! Any text as requests to yagna's API, one after the other: each is answered, and by no failure of our own.
//!
//! The first line of a request is its method and its path, the rest its body; a line `---` parts two requests. Names
//! such as `$demand` stand for what was negotiated before, see `api/scene.rs`.

#[path = "api/scene.rs"]
mod scene;

use std::cell::RefCell;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use scene::{PATIENCE, POLL, Scene};

thread_local! {
    /// What the input before has left as it was.
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

/// More requests say nothing new.
const MOST: usize = 8;

/// After these, names stand for something else than before.
const USING_UP: [&str; 4] = ["/proposals/", "/agreements", "/accept", "/exec"];

/// After so many other changes a yagna holds enough.
const MOST_CHANGES: usize = 20;

/// These sentences of the real yagna come with a status that is otherwise a failure of ours.
const YAGNAS_500: [&str; 3] = [
    "DAO error: Not found: agreement id for activity",
    "contains non hexadecimal characters.",
    "] not found (",
];

#[allow(dead_code, reason = "the tests want the answers, or a defect between")]
pub fn run(text: &str) {
    run_behind(text, POLL, &|router| router);
}

/// Runs it with something between the client and the API; the status of every answer. What waits for an event is given
/// up after `patience`.
pub fn run_behind(
    text: &str,
    patience: Duration,
    dress: &dyn Fn(Router) -> Router,
) -> Vec<Option<StatusCode>> {
    // After a panic there is none, and the next input finds everything as new.
    let known = SCENE.take().filter(|scene| scene.serves(text));
    let mut scene = known.unwrap_or_else(|| Scene::set(text));
    let mut statuses = Vec::new();
    let mut used_up = false;
    for request in text.split("\n---\n").take(MOST) {
        let (line, body) = request.split_once('\n').unwrap_or((request, ""));
        let (method, path) = line.split_once(' ').unwrap_or((line, "/"));
        // What no HTTP server would pass on is not asked.
        let Some(asked) = scene.request(method, path, body.trim_end_matches('\n')) else { continue };
        // What waits for an event may well wait; everything else answers at once.
        let polls = ["vents", "/wait", "/exec/"].iter().any(|poll| path.contains(poll));
        let answer = scene.answer(asked, if polls { patience } else { PATIENCE }, dress);
        let status = answer.as_ref().map(|(status, _)| *status);
        match answer {
            None => assert!(polls, "no answer"),
            Some((StatusCode::INTERNAL_SERVER_ERROR, said)) => {
                assert!(YAGNAS_500.iter().any(|sentence| said.contains(sentence)), "a failure: {said}");
            }
            Some((StatusCode::GATEWAY_TIMEOUT, _)) => assert!(path.contains("/tcp/"), "nothing is connected"),
            Some((status, said)) => assert!(!status.is_server_error(), "{status}: {said}"),
        }
        if method != "GET" && status.is_some_and(|status| status.is_success()) {
            scene.changes += 1;
            used_up |= method != "POST" || USING_UP.iter().any(|part| path.contains(part));
        }
        statuses.push(status);
    }
    scene.settle(used_up);
    if !used_up && scene.changes < MOST_CHANGES {
        SCENE.set(Some(scene));
    }
    statuses
}
