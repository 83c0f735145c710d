//! Front matter to steps, checks, hints, plan.
