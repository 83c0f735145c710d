//! The walk as one JSON document: `--report FILE` and the project's `.golem-outbound/last-run.json`.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::event::{Event, Sink};

/// Grows with the shape of the document; readers refuse what they do not know.
const FORMAT: u32 = 1;

/// Collects the document and writes it when the walk is over, by way of a temporary file, so that a reader never
/// sees half of it.
pub struct JsonReport {
    path: PathBuf,
    document: Value,
    failure: Rc<RefCell<Option<String>>>,
}

impl JsonReport {
    /// Will write to `path`. The second value says after the walk why it could not be written, if so.
    pub fn new(path: PathBuf) -> (Self, Rc<RefCell<Option<String>>>) {
        let failure = Rc::default();
        let document = json!({ "format": FORMAT, "steps": [], "teardown": [] });
        (Self { path, document, failure: Rc::clone(&failure) }, failure)
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(std::path::Path::new(".")))?;
        serde_json::to_writer_pretty(&mut file, &self.document)?;
        file.write_all(b"\n")?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn push(&mut self, list: &str, value: Value) {
        if let Some(list) = self.document[list].as_array_mut() {
            list.push(value);
        }
    }

    fn current(&mut self) -> Option<&mut Value> {
        self.document["steps"].as_array_mut()?.iter_mut().find(|step| step["outcome"].is_null())
    }

    /// Enters a step; one that the reader runs again takes its own place.
    fn enter(&mut self, step: Value) {
        let Some(steps) = self.document["steps"].as_array_mut() else { return };
        match steps.iter_mut().find(|before| before["id"] == step["id"]) {
            Some(before) => *before = step,
            None => steps.push(step),
        }
    }
}

impl Sink for JsonReport {
    fn event(&mut self, event: &Event) {
        match event {
            Event::WalkStarted { project, network, simulated, .. } => {
                self.document["project"] = json!(project);
                self.document["network"] = json!(network);
                self.document["simulated"] = json!(simulated);
            }
            Event::StepStarted { id, title, command, .. } => {
                let step = json!({ "id": id, "title": title, "command": command, "checks": [], "hints": [] });
                self.enter(step);
            }
            Event::Checked { check, verdict } => {
                let checked = json!({ "check": check, "verdict": verdict });
                if let Some(list) = self.current().and_then(|step| step["checks"].as_array_mut()) {
                    list.push(checked);
                }
            }
            Event::Hinted(hint) => {
                let hint = json!(hint);
                if let Some(list) = self.current().and_then(|step| step["hints"].as_array_mut()) {
                    list.push(hint);
                }
            }
            Event::StepFinished { id, outcome, reason, elapsed, evidence } => {
                if self.current().is_none_or(|step| step["id"] != json!(id)) {
                    self.enter(json!({ "id": id, "checks": [], "hints": [] }));
                }
                if let Some(step) = self.current() {
                    step["outcome"] = json!(outcome);
                    step["reason"] = json!(reason);
                    step["seconds"] = json!(elapsed.as_secs_f64());
                    step["evidence"] = json!(evidence);
                }
            }
            Event::TornDown { command, ok, elapsed } => {
                let value = json!({ "command": command, "ok": ok, "seconds": elapsed.as_secs_f64() });
                self.push("teardown", value);
            }
            Event::WalkFinished { elapsed, .. } => {
                self.document["seconds"] = json!(elapsed.as_secs_f64());
                let failure = self.write().err().map(|error| error.to_string());
                *self.failure.borrow_mut() = failure;
            }
            Event::Narrated(_) | Event::Versions(_) | Event::Output(_) | Event::Waited { .. } => {}
        }
    }
}
