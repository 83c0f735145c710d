//! Walks over a scripted network: order of commands, teardown on every way out, exit codes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::*;
use crate::error::Error;
use crate::evidence::Exit;
use crate::network::{Action, Ended, Invocation, Problem, Tick};
use crate::runner::Lease;
use crate::runner::guide::{Answer, Moment, Question};
use crate::runner::ledger::Owed;
use crate::runner::pause::pause;
use crate::tutorial::progress::{Due, Last, Standing};
use crate::tutorial::{Selection, Values, plan, plan_due};

mod asking;
mod endings;
mod scenario;
mod waiting;

use scenario::*;
